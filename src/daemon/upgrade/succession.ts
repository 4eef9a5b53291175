import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SuccessionWatch } from '../../lifecycle/succession-watch.ts';
import { field, integer } from '../../protocol/parser.ts';
import { now } from '../../system/clock.ts';
import { sizeOf, tailOf } from '../../system/file-tail.ts';
import { PROGRAM_PARTS } from '../../system/program.ts';
import { spawnDaemon } from '../../system/spawn-daemon.ts';
import type { Successors } from '../daemon-options.ts';
import type { UpgradeFile } from './upgrade-file.ts';

/** A successor may take this long until it asks for the home. */
const ASKS_WITHIN_MS = 10_000;
const CHECK_EVERY_MS = 500;
/** After the last primary was replaced, the successor is watched for so long. */
export const SETTLE_MS = 60_000;

interface SuccessionOptions {
  readonly home: string;
  readonly socket: string;
  readonly daemonLog: string;
  readonly file: UpgradeFile;
  readonly log: (message: string) => void;
  readonly manager: Successors;
  /** Path of the program that runs if the successor fails. */
  readonly fallback: () => string;
  /** This daemon stays; why. */
  readonly failed: (reason: string) => void;
}

interface Successor {
  readonly child: ChildProcess;
  /** How it ended. */
  end: string | null;
  endedWell: boolean;
}

/** The daemon of another build that takes over from this one, and what becomes of it: if it fails, this build comes back. */
export class Succession {
  readonly #options: SuccessionOptions;
  #successor: Successor | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #logStart = 0;

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** A successor has been started and has not failed. */
  get active(): boolean {
    return this.#successor !== null;
  }

  begin(directory: string, node: string): void {
    const { home, daemonLog, manager } = this.#options;
    this.#logStart = sizeOf(daemonLog);
    const child = spawnDaemon({ program: join(directory, PROGRAM_PARTS.daemon), home, logFile: daemonLog, node, role: 'successor', env: manager.env });
    const successor: Successor = { child, end: null, endedWell: false };
    this.#successor = successor;
    const ended = (end: string, endedWell: boolean): void => {
      if (successor.end !== null) return;
      Object.assign(successor, { end, endedWell });
      this.#fail(`the new daemon ${end}`);
    };
    child.once('error', ({ message }) => ended(`could not be started: ${message}`, false));
    child.once('exit', (code, signal) => ended(signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`, code === 0));
    this.#deadline = setTimeout(() => {
      this.#fail(`the new daemon did not take over within ${ASKS_WITHIN_MS / 1000} s`);
      child.kill('SIGKILL');
    }, ASKS_WITHIN_MS);
  }

  /** The successor has the home: resolves when this process is of no more use, or has started a daemon of its own build again. */
  async watch(): Promise<void> {
    clearTimeout(this.#deadline);
    const successor = this.#successor;
    this.#successor = null;
    if (successor === null) return;
    process.title = 'lb daemon (replaced)';
    const failure = await this.#watchOver(successor);
    if (failure !== null) await this.#comeBack(`the new daemon ${failure}`);
  }

  /** @returns why it failed; null if it is settled, was ended by an operator, or has made way for another one. */
  async #watchOver(successor: Successor): Promise<string | null> {
    const watch = new SuccessionWatch(SETTLE_MS + ASKS_WITHIN_MS);
    for (;;) {
      if (successor.end !== null) return successor.endedWell ? null : successor.end;
      const stage = this.#options.file.read()?.stage ?? null;
      const verdict = watch.check({ stage, answering: await this.#whoAnswers(), successor: successor.child.pid ?? 0, now: now() });
      if (verdict === 'over') return null;
      if (verdict === 'silent') {
        successor.child.kill('SIGKILL');
        return 'did not answer for 10 s';
      }
      await sleep(CHECK_EVERY_MS);
    }
  }

  async #comeBack(reason: string): Promise<void> {
    const { file, home, daemonLog, fallback, log, manager } = this.#options;
    const told = this.#withOutput(reason);
    const state = file.read();
    if (state !== null) file.write({ ...state, stage: 'failed', problems: [...state.problems, told] });
    log(`${told}; the version before comes back`);
    const child = spawnDaemon({ program: fallback(), home, logFile: daemonLog, env: manager.env });
    child.on('error', ({ message }) => log(`it could not be started: ${message}`));
    // Else the manager takes the end of this process for the end of the service, and starts what is installed.
    if (child.pid !== undefined) await manager.lead(child.pid);
  }

  /** Before it has taken over. */
  #fail(reason: string): void {
    if (this.#successor === null) return;
    this.#successor = null;
    clearTimeout(this.#deadline);
    this.#options.failed(this.#withOutput(reason));
  }

  /** With the last line that it wrote. */
  #withOutput(reason: string): string {
    const [last] = tailOf(this.#options.daemonLog, this.#logStart).slice(-1);
    return last === undefined ? reason : `${reason}; last line of ${this.#options.daemonLog}: ${last}`;
  }

  /** The pid of the daemon that serves the home; null if none answers. */
  #whoAnswers(): Promise<number | null> {
    return new Promise((resolve) => {
      const asking = request({ socketPath: this.#options.socket, path: '/v1/hello', agent: false, timeout: CHECK_EVERY_MS }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', () => resolve(null));
        response.on('end', () => resolve(pidIn(text)));
      });
      asking.once('timeout', () => asking.destroy());
      asking.once('error', () => resolve(null));
      asking.end();
    });
  }
}

function pidIn(hello: string): number | null {
  try {
    return field('pid', integer())(JSON.parse(hello));
  } catch {
    return null;
  }
}
