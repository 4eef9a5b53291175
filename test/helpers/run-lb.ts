import { spawn, type ChildProcess } from 'node:child_process';
import type { ProgressRecord, ResultRecord, StreamRecord } from '../../src/protocol/control.ts';
import { LB_PROGRAM } from './paths.ts';

/** A user of the machine, who needs no entry in `/etc/passwd`. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

export interface LbOptions {
  /** Path of another `lb` than the one that was built. */
  readonly program?: string;
  /** Added to the sandbox's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: none. */
  readonly stdin?: string;
  /** Who runs it; only root may choose. Default: who runs the tests. */
  readonly user?: UserIds | undefined;
  /** The command is killed after so long and counts as failed; default 45 s. */
  readonly timeoutMs?: number;
}

const SHOWN_CHARACTERS = 4000;
const shortened = (text: string): string => (text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)} …`);

/** How one command ended. */
export class LbResult {
  constructor(
    readonly args: readonly string[],
    readonly code: number | null,
    readonly signal: NodeJS.Signals | null,
    readonly stdout: string,
    readonly stderr: string,
    readonly durationMs: number,
  ) {}

  /** What `--json` printed, one record per line. */
  get records(): StreamRecord[] {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as StreamRecord);
  }

  get progress(): ProgressRecord[] {
    return this.records.filter((record) => record.type === 'progress');
  }

  /** The result record, which must stand last and alone. */
  get result(): ResultRecord {
    const results = this.records.filter((record) => record.type === 'result');
    const last = this.records.at(-1);
    if (results.length !== 1 || last?.type !== 'result') throw new Error(`expected exactly one result record at the end:\n${this.toString()}`);
    return last;
  }

  /** What `--json` printed as one document. */
  json<T>(): T {
    return JSON.parse(this.stdout) as T;
  }

  toString(): string {
    const end = this.signal === null ? `exit code ${this.code}` : `signal ${this.signal}`;
    const part = (name: string, text: string): string => (text.trim() === '' ? '' : `\n--- ${name}\n${shortened(text.trimEnd())}`);
    return `lb ${this.args.join(' ')}: ${end} after ${Math.round(this.durationMs)} ms${part('stdout', this.stdout)}${part('stderr', this.stderr)}`;
  }
}

/** A command under way. */
export class LbProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<LbResult>;

  constructor(
    readonly args: readonly string[],
    environment: Readonly<Record<string, string>>,
    cwd: string,
    timeoutMs: number,
    user?: UserIds,
    program = LB_PROGRAM,
    stdin: string | null = null,
  ) {
    const startedAt = performance.now();
    this.child = spawn(process.execPath, [program, ...args], { env: environment, cwd, stdio: [stdin === null ? 'ignore' : 'pipe', 'pipe', 'pipe'], ...user });
    this.child.stdin?.end(stdin);
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.stdout += chunk));
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
    const timer = setTimeout(() => {
      this.stderr += `\n[test: killed after ${timeoutMs} ms]\n`;
      this.child.kill('SIGKILL');
    }, timeoutMs);
    this.ended = new Promise((resolve) => {
      // `exit`, not `close`: a daemon that inherited a pipe must not hold the test.
      this.child.once('exit', (code, signal) => {
        clearTimeout(timer);
        const finish = (): void => resolve(new LbResult(args, code, signal, this.stdout, this.stderr, performance.now() - startedAt));
        const late = setTimeout(finish, 500);
        this.child.once('close', () => {
          clearTimeout(late);
          finish();
        });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
