import type { Readable } from 'node:stream';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { LineRing } from '../../logs/line-ring.ts';
import { LineSplitter } from '../../logs/line-splitter.ts';
import { LogFile } from '../../logs/log-file.ts';
import { slotPath } from '../../logs/log-path.ts';
import type { LogLine, LogStream } from '../../protocol/control.ts';
import { wallNow } from '../../system/clock.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';

const RING_LINES = 1_000;
const RING_BYTES = 256 * 1024;

/** Lines that Node prints when the stack of a hung worker is captured. They are not the app's output. */
const INSPECTOR_LINE = /^(?:Debugger (?:listening|ending) on ws:|Debugger attached\.$|For help, see: https:\/\/nodejs\.org\/)/;

/** Reads the workers' output line by line, and writes it to the log files, to a ring buffer for `tail`, and to the follower. */
export class LogSink implements WorkerObserver {
  readonly #app: string;
  readonly #files = new Map<string, LogFile>();
  readonly #ring = new LineRing<LogLine>(RING_LINES, RING_BYTES, (line) => line.text.length + 64);
  readonly #onProblem: (message: string) => void;
  /** Receives each line; null when no client follows the log. */
  follower: ((line: LogLine) => void) | null = null;

  constructor(app: string, onProblem: (message: string) => void) {
    this.#app = app;
    this.#onProblem = onProblem;
  }

  onForked(worker: WorkerHandle): void {
    const { channel, spec } = worker;
    this.#pipe(worker, channel.stdout, 'out', spec.outFile, spec);
    this.#pipe(worker, channel.stderr, 'err', spec.errorFile, spec);
  }

  tail(lines: number): LogLine[] {
    return this.#ring.last(lines);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
  }

  #pipe(worker: WorkerHandle, source: Readable | null, stream: LogStream, path: string | null, spec: AppSpec): void {
    if (source === null) return;
    const file = path === null ? null : this.#file(spec.mergeLogs ? path : slotPath(path, worker.slot), spec);
    const splitter = new LineSplitter((text) => {
      if (worker.end.observer === 'hang-watch' && INSPECTOR_LINE.test(text)) return;
      const line: LogLine = { app: this.#app, slot: worker.slot, pid: worker.pid, stream, at: wallNow(), text };
      if (stream === 'err') worker.end.rememberStderr(text);
      this.#ring.push(line);
      this.follower?.(line);
      if (file !== null && !file.write(`${text}\n`) && !source.isPaused()) {
        // The disk is slower than the app. Backpressure: the pipe fills, and the app waits as for any slow reader.
        source.pause();
        file.onDrain(() => source.resume());
      }
    });
    source.on('data', (chunk: Buffer) => splitter.write(chunk));
    source.once('end', () => splitter.end());
    source.on('error', () => {});
  }

  #file(path: string, spec: AppSpec): LogFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new LogFile({ path, maxBytes: spec.logMaxBytes, keep: spec.logKeep, onProblem: this.#onProblem });
      this.#files.set(path, file);
    }
    return file;
  }
}
