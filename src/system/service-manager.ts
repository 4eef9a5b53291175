import { spawn } from 'node:child_process';

const SOCKET_VAR = 'NOTIFY_SOCKET';
const WATCHDOG_VAR = 'WATCHDOG_USEC';
/** Two signs of life may be lost. */
const PINGS_PER_WATCHDOG = 3;

/**
 * The service manager that started this process, as systemd does with `Type=notify`: it is told what the process is up to. Node.js
 * has no datagram sockets of Unix, so `systemd-notify` sends the messages; the unit needs `NotifyAccess=all`.
 */
export class ServiceManager {
  /** For a process that takes the place of this one; empty without a manager. */
  readonly env: Readonly<Record<string, string>>;
  readonly #path: string;
  readonly #watchdogMs: number;
  readonly #failed: (message: string) => void;
  #pings: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /** @param env loses the variables of the manager, which are not for the apps. @param failed called once if it cannot be told */
  constructor(env: NodeJS.ProcessEnv, failed: (message: string) => void) {
    const { [SOCKET_VAR]: socket, [WATCHDOG_VAR]: watchdog = '0', PATH = '/usr/bin:/bin' } = env;
    // They are for this process alone.
    for (const name of [SOCKET_VAR, WATCHDOG_VAR, 'WATCHDOG_PID']) delete env[name];
    this.env = socket === undefined || socket === '' ? {} : { [SOCKET_VAR]: socket, [WATCHDOG_VAR]: watchdog };
    this.#path = PATH;
    this.#watchdogMs = (Number(watchdog) || 0) / 1_000;
    this.#failed = failed;
  }

  get isThere(): boolean {
    return SOCKET_VAR in this.env;
  }

  /** @param pid of the main process of the service from now on; by default this one, which gives signs of life while it lives */
  lead(pid = process.pid): Promise<void> {
    if (pid === process.pid && this.#watchdogMs > 0 && this.isThere) {
      clearInterval(this.#pings);
      this.#pings = setInterval(() => void this.#tell('WATCHDOG=1'), this.#watchdogMs / PINGS_PER_WATCHDOG).unref();
    }
    return this.#tell(`MAINPID=${pid}`);
  }

  /** It serves. */
  ready(): Promise<void> {
    return this.#tell('READY=1');
  }

  /** It ends, and may take this long. */
  stopping(status: string, withinMs: number): Promise<void> {
    return this.#tell('STOPPING=1', `STATUS=${status}`, `EXTEND_TIMEOUT_USEC=${Math.round(withinMs * 1_000)}`);
  }

  /** Another process gives the signs of life. */
  close(): void {
    clearInterval(this.#pings);
  }

  /** Resolves when the manager has read it, or it failed. */
  #tell(...fields: readonly string[]): Promise<void> {
    if (!this.isThere) return Promise.resolve();
    return new Promise((resolve) => {
      const failed = (problem: string): void => {
        if (!this.#hasFailed) this.#failed(`the service manager was not told ${fields.join(' ')}: systemd-notify ${problem}`);
        this.#hasFailed = true;
        resolve();
      };
      try {
        const child = spawn('systemd-notify', fields, { env: { ...this.env, PATH: this.#path }, cwd: '/', stdio: 'ignore' });
        child.once('error', ({ message }) => failed(`could not be started: ${message}`));
        child.once('exit', (code) => (code === 0 ? resolve() : failed(`ended with exit code ${code ?? 'unknown'}`)));
      } catch (error) {
        failed(`could not be started: ${String(error)}`);
      }
    });
  }
}
