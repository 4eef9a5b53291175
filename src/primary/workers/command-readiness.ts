import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { ReadyWhen } from '../../lifecycle/ready-when.ts';
import { now, wallNow } from '../../system/clock.ts';
import { openByItself } from '../../system/unfed-sockets.ts';

const FIRST_CHECK_MS = 50;
const SLOWEST_CHECK_MS = 500;
/** How long one check may take. */
const ANSWER_WITHIN_MS = 2_000;
/** File systems may round the time of a file down. */
const FILE_TIME_MS = 1_000;

interface ReadinessOptions {
  readonly pid: number;
  readonly spec: Pick<AppSpec, 'readyWhen' | 'socket' | 'port' | 'minUptimeMs' | 'cwd'>;
  readonly env: Readonly<Record<string, string>>;
  /** Called once. */
  readonly ready: () => void;
}

/** Checks again and again whether a command is ready: by its `ready_when`, else when it listens, at the latest after `min_uptime`. */
export class CommandReadiness {
  readonly #options: ReadinessOptions;
  readonly #beganAt = now();
  readonly #beganWall = wallNow();
  readonly #checking = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan(FIRST_CHECK_MS);
  }

  stop(): void {
    this.#checking.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #plan(ms: number): void {
    this.#timer = setTimeout(() => void this.#check(ms), ms);
  }

  async #check(waitedMs: number): Promise<void> {
    const isReady = await this.#isReady().catch(() => false);
    if (this.#checking.signal.aborted) return;
    if (isReady) this.#options.ready();
    else this.#plan(Math.min(2 * waitedMs, SLOWEST_CHECK_MS));
  }

  async #isReady(): Promise<boolean> {
    const { spec, env, pid } = this.#options;
    const { readyWhen, socket, port, minUptimeMs, cwd } = spec;
    if (readyWhen !== null) return shows(readyWhen, { cwd, env, since: this.#beganWall - FILE_TIME_MS, signal: this.#checking.signal });
    if (now() - this.#beganAt >= minUptimeMs) return true;
    // What it inherits listens from the beginning.
    if (socket !== null) return false;
    const { sockets } = await openByItself(pid);
    return sockets.some((open) => open.protocol !== 'udp' && (port === null || open.port === port));
  }
}

interface Check {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Wall clock time after which a file counts. */
  readonly since: number;
  readonly signal: AbortSignal;
}

function shows(when: ReadyWhen, check: Check): Promise<boolean> | boolean {
  switch (when.by) {
    case 'port':
      return connects(when.port);
    case 'path':
      return answers(when.port, when.path);
    case 'command':
      return succeeds(when.command, check);
    case 'file':
      return statSync(when.file).mtimeMs >= check.since;
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost' });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

async function answers(port: number, path: string): Promise<boolean> {
  const { get } = await import('node:http');
  return new Promise((resolve) => {
    const request = get({ host: 'localhost', port, path, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      resolve((response.statusCode ?? 500) < 400);
      response.destroy();
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/** With a shell, in the environment of the command. */
function succeeds(command: string, { cwd, env, signal }: Check): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], { cwd, env, stdio: 'ignore', timeout: ANSWER_WITHIN_MS, killSignal: 'SIGKILL', signal });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
