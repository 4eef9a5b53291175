import type { Readable } from 'node:stream';
import { AppOutput } from '../../logs/app-output.ts';
import { LineRing } from '../../logs/line-ring.ts';
import type { Piece } from '../../logs/line-splitter.ts';
import { linesOf, textsOf, type Origin } from '../../logs/lines-of.ts';
import type { LogLine, LogStream } from '../../protocol/control.ts';
import type { HeldOutput } from '../handles/handle-keeper.ts';
import type { OutputKeeper } from '../handles/output-keeper.ts';
import { rawHandleOf } from '../handles/raw-handles.ts';
import { SEARCHED_LINES } from '../workers/worker-end.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';
import { withoutInspector } from './inspector-lines.ts';

const RING_LINES = 1_000;
const RING_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Output that is remembered; it becomes lines when somebody asks for them. */
interface Remembered {
  readonly piece: Piece;
  readonly origin: Origin;
  readonly at: number;
}

interface LogSinkOptions {
  readonly app: string;
  readonly keeper: OutputKeeper;
  /** Directory of the times of the lines. */
  readonly lineTimes: string;
  readonly onProblem: (message: string) => void;
}

/** Reads the workers' output, and writes it to the log files, to a ring buffer for `tail`, and to the follower. */
export class LogSink implements WorkerObserver {
  readonly #app: string;
  readonly #keeper: OutputKeeper;
  readonly #output: AppOutput;
  readonly #open = new Set<HeldOutput>();
  readonly #ring = new LineRing<Remembered>(RING_LINES, RING_BYTES, ({ piece }) => piece.bytes.length + 64);
  /** Receives each line; null when no client follows the log. */
  follower: ((line: LogLine) => void) | null = null;

  constructor({ app, keeper, lineTimes, onProblem }: LogSinkOptions) {
    this.#app = app;
    this.#keeper = keeper;
    this.#output = new AppOutput(lineTimes, onProblem, true);
  }

  /** The pipes that are being read. */
  get open(): readonly HeldOutput[] {
    return [...this.#open];
  }

  onForked(worker: WorkerHandle): void {
    this.#read(worker, worker.channel.stdout, 'out');
    this.#read(worker, worker.channel.stderr, 'err');
  }

  tail(lines: number): LogLine[] {
    if (lines <= 0) return [];
    const remembered = this.#ring.last(RING_LINES).flatMap(({ piece, origin, at }) => linesOf(piece, origin, at));
    return remembered.filter(isShown).slice(-Math.min(lines, RING_LINES));
  }

  /** Resolves when nothing more is written to files that were renamed before. */
  async reopen(): Promise<void> {
    await this.#output.reopen();
  }

  async close(): Promise<void> {
    await this.#output.close();
  }

  #read(worker: WorkerHandle, source: Readable | null, stream: LogStream): void {
    if (source === null) return;
    const origin: Origin = { app: this.#app, slot: worker.slot, pid: worker.pid, stream };
    const handle = rawHandleOf(source);
    if (handle !== null) {
      const held = { origin, handle };
      this.#open.add(held);
      this.#keeper.keepOutput(origin, handle);
      source.once('close', () => {
        this.#open.delete(held);
        this.#keeper.dropOutput(origin);
      });
    }
    this.#output.read(source, origin, worker.spec, (read, at) => {
      if (stream === 'err') worker.inspectorPaths.read(read.bytes);
      const piece = worker.end.observer === 'hang-watch' ? withoutInspector(read) : read;
      if (piece === null) return null;
      if (stream === 'err') for (const text of textsOf(piece, SEARCHED_LINES)) worker.end.rememberStderr(text);
      this.#ring.push({ piece: endOf(piece), origin, at });
      if (this.follower !== null) for (const line of linesOf(piece, origin, at)) this.follower(line);
      return piece;
    });
  }
}

/** The end of a line whose beginning was shown is nothing to show. */
const isShown = ({ text, continues }: LogLine): boolean => text !== '' || continues !== true;

/** What of a piece is remembered: its last lines, or the beginning of its last line. */
function endOf(piece: Piece): Piece {
  const { bytes } = piece;
  const most = RING_BYTES / 4;
  if (bytes.length <= most) return piece;
  const start = bytes.indexOf(NEWLINE, bytes.length - most) + 1;
  if (start > 0 && start < bytes.length) return { bytes: bytes.subarray(start), continues: false };
  const lastLine = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  return { bytes: bytes.subarray(lastLine, lastLine + most), continues: lastLine === 0 && piece.continues };
}
