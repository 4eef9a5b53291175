import type { Readable } from 'node:stream';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { messageOf } from '../errors/lb-error.ts';
import { wallNow } from '../system/clock.ts';
import { LineJoin } from './line-join.ts';
import { stamped, stampOf, type Stamp } from './line-stamp.ts';
import { LineSplitter, type Piece } from './line-splitter.ts';
import { marksPath } from './line-mark.ts';
import { LineTimes } from './line-times.ts';
import { jsonOf, type Origin } from './lines-of.ts';
import { LogFile } from './log-file.ts';
import { slotPath } from './log-path.ts';
import { programFor } from './log-program.ts';
import { OutputOrder } from './output-order.ts';

/** The beginning of a line is written when its end does not follow within this time. */
const SILENCE_MS = 1_000;

type LogSettings = Pick<AppSpec, 'name' | 'outFile' | 'errorFile' | 'mergeLogs' | 'logMaxBytes' | 'logKeep' | 'logType' | 'logFile' | 'logDateFormat'>;

/** Sees each piece of output before it is written. @returns what is to be written; null for nothing */
type Tap = (piece: Piece, at: number) => Piece | null;

interface Sink {
  readonly file: LogFile;
  readonly join: LineJoin<Readable>;
}

/** Reads what the workers of one app print, and writes it to the app's log files. */
export class AppOutput {
  readonly #sinks = new Map<string, Sink>();
  /** By process. */
  readonly #orders = new Map<number, OutputOrder>();
  readonly #isWhole: boolean;
  readonly #lineTimes: string;
  readonly #onProblem: (message: string) => void;

  /**
   * @param lineTimes directory of the times of the lines
   * @param isWhole the pipes are read from their beginning
   */
  constructor(lineTimes: string, onProblem: (message: string) => void, isWhole: boolean) {
    this.#isWhole = isWhole;
    this.#lineTimes = lineTimes;
    this.#onProblem = onProblem;
  }

  /** Reads one pipe of one worker until it ends. */
  read(source: Readable, origin: Origin, settings: LogSettings, tap: Tap): void {
    const { logDateFormat, logType } = settings;
    source.on('error', () => {});
    if (logDateFormat === null || logType === 'json') return this.#read(source, origin, settings, tap, null);
    // Nothing is lost: the pipe is read when its first listener is there.
    void stampOf(logDateFormat)
      .catch((error: unknown) => {
        this.#onProblem(`lines are written without their time: ${messageOf(error)}`);
        return null;
      })
      .then((stamp) => this.#read(source, origin, settings, tap, stamp));
  }

  #read(source: Readable, origin: Origin, settings: LogSettings, tap: Tap, stamp: Stamp | null): void {
    const sinks = this.#sinksOf(origin, settings);
    const splitter = new LineSplitter((piece) => {
      const at = wallNow();
      const kept = tap(piece, at);
      if (kept === null) return;
      const written = stamp === null ? kept : stamped(kept, stamp(at));
      for (const sink of sinks) {
        const bytes = settings.logType === 'json' ? jsonOf(kept, origin, at) : sink.join.take(source, written);
        if (bytes.length === 0 || sink.file.write(bytes, { ...origin, at }) || source.isPaused()) continue;
        // The disk is slower than the app. Backpressure: the pipe fills, and the app waits as for any slow reader.
        source.pause();
        sink.file.onDrain(() => source.resume());
      }
    });
    const silence = setTimeout(() => splitter.flush(), SILENCE_MS).unref();
    const { pid, stream } = origin;
    const order = this.#orders.get(pid) ?? new OutputOrder(this.#isWhole);
    this.#orders.set(pid, order);
    order.add(stream, {
      pass: (chunk) => {
        splitter.write(chunk);
        if (splitter.waits) silence.refresh();
      },
      end: () => {
        clearTimeout(silence);
        splitter.end();
        if (order.hasEnded) this.#orders.delete(pid);
      },
    });
    source.on('data', (chunk: Buffer) => order.write(stream, chunk));
    source.once('close', () => order.end(stream));
  }

  /** After an external rotation. Resolves when nothing more is written to the files that were moved. */
  async reopen(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map(({ file }) => file.reopen()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map(({ file }) => file.close()));
  }

  /** The file of its stream, and the one for all. */
  #sinksOf({ slot, stream }: Origin, settings: LogSettings): readonly Sink[] {
    const given = stream === 'out' ? settings.outFile : settings.errorFile;
    const program = given === null ? null : programFor(given, settings.name, stream);
    const own = given === null || program !== null || settings.mergeLogs ? given : slotPath(given, slot);
    const paths = new Set([own, settings.logFile].filter((path) => path !== null));
    return [...paths].map((path) => this.#sinkOf(path, path === own ? program : null, settings));
  }

  #sinkOf(path: string, program: ReturnType<typeof programFor>, settings: LogSettings): Sink {
    const key = program === null ? path : program.join(' ');
    const limits = { maxBytes: settings.logMaxBytes, keep: settings.logKeep };
    const known = this.#sinks.get(key);
    if (known !== undefined) {
      known.file.limits = limits;
      return known;
    }
    const times = new LineTimes(marksPath(this.#lineTimes, path), limits.keep);
    const file = new LogFile({ path, program, times, ...limits, onProblem: this.#onProblem });
    const sink = { file, join: new LineJoin<Readable>() };
    this.#sinks.set(key, sink);
    return sink;
  }
}
