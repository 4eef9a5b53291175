import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { withDeadline } from '../system/deadline.ts';
import type { Command } from './log-program.ts';
import type { LogTarget } from './log-target.ts';

/** More is not handed to the program before it has taken this. */
const UNSENT_BYTES = 64 * 1024;
const DRAIN_MS = 50;
/** One that cannot deliver anything ends sooner: systemd-cat without a journal, logger without a syslog. */
const PROVEN_MS = 200;
const CLOSE_MS = 1_000;

/** A program that reads a log from its stdin, such as systemd-cat. */
export class ProcessLog implements LogTarget {
  readonly isRegular = false;
  readonly size = 0;
  readonly atLineStart = true;
  readonly path: string;
  lostBytes = 0;
  readonly #child: ChildProcessByStdio<Writable, null, null>;
  #end: string | null = null;

  private constructor(command: string, child: ChildProcessByStdio<Writable, null, null>) {
    this.path = command;
    this.#child = child;
    const ended = (how: string): void => {
      if (this.#end !== null) return;
      this.#end = how;
      this.lostBytes = child.stdin.writableLength;
    };
    child.stdin.on('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`));
  }

  /** @throws Error if it cannot be started, or ends at once: nothing is handed to it then. */
  static async open([command, ...args]: Command): Promise<ProcessLog> {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
    // First of all: without descriptors for its pipes, a child has none of them, and tells by an `error` event.
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.once('spawn', resolve);
    });
    const log = new ProcessLog(command, child);
    await withDeadline(once(child, 'exit'), PROVEN_MS);
    log.#assertRuns();
    return log;
  }

  async append(blocks: readonly Buffer[]): Promise<number> {
    const { stdin } = this.#child;
    if (stdin.writableLength > UNSENT_BYTES)
      await withDeadline(
        once(stdin, 'drain').catch(() => {}),
        DRAIN_MS,
      );
    this.#assertRuns();
    if (stdin.writableLength > UNSENT_BYTES) return 0;
    // A copy, because the queue uses its blocks again.
    const bytes = Buffer.concat(blocks);
    stdin.write(bytes);
    return bytes.length;
  }

  #assertRuns(): void {
    if (this.#end !== null) throw new Error(`${this.path} ended (${this.#end})`);
  }

  isInPlace(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async close(): Promise<void> {
    if (this.#end === null) {
      const exited = once(this.#child, 'exit').catch(() => {});
      this.#child.stdin.end();
      await withDeadline(exited, CLOSE_MS);
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
  }
}
