import { CALM_CHECK_MS, judge, CHECK_MS, UNSEEN, type Liveness, type ThreadSight } from '../lifecycle/liveness.ts';
import type { ProcessId } from '../system/processes.ts';

/** How a daemon is seen and ended; `/proc` and signals, or a test. */
export interface DaemonPorts {
  /** The daemon of this home, whether it answers or not. */
  readonly find: () => ProcessId | null;
  readonly threadOf: (daemon: ProcessId) => ThreadSight | null;
  /** False if it is not the daemon of this home. */
  readonly kill: (daemon: ProcessId) => boolean;
}

interface DaemonWatchOptions {
  readonly ports: DaemonPorts;
  /** Asks the daemon for a sign of life. */
  readonly ping: () => void;
  /** It hung and was killed, while this primary was connected to it. */
  readonly killed: (why: string) => void;
}

/** Notices that the daemon hangs, and kills it. */
export class DaemonWatch {
  readonly #options: DaemonWatchOptions;
  #liveness: Liveness = UNSEEN;
  #daemon: ProcessId | null = null;
  #hasHeard = false;
  /** Daemons of older versions do not answer a ping. */
  #answers = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DaemonWatchOptions) {
    this.#options = options;
  }

  /** A connection begins. */
  begin(): void {
    this.end();
    this.#answers = false;
    this.#options.ping();
    this.#schedule(CALM_CHECK_MS);
  }

  heard(isAnswer: boolean): void {
    this.#hasHeard = true;
    this.#answers ||= isAnswer;
  }

  /** The connection has ended. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#liveness = UNSEEN;
    this.#daemon = null;
    this.#hasHeard = false;
  }

  /**
   * Without a connection, after another attempt: whether there is a daemon at all, and if it hangs, kills it.
   * @param isSilent it took the connection and did not answer
   * @returns why it was killed, if it was
   */
  missed(isSilent: boolean): { readonly state: 'absent' | 'there' | 'killed'; readonly why: string } {
    const { ports } = this.#options;
    const daemon = ports.find();
    if (daemon === null) return { state: 'absent', why: '' };
    const { verdict, why } = (this.#liveness = judge(this.#liveness, { heard: false, asked: isSilent, thread: ports.threadOf(daemon) }));
    return { state: verdict === 'hung' && ports.kill(daemon) ? 'killed' : 'there', why };
  }

  #schedule(ms: number): void {
    const timer = setTimeout(() => {
      // After a pause of this process, what has arrived meanwhile is read before the check.
      setImmediate(() => {
        if (this.#timer === timer) this.#check();
      });
    }, ms);
    this.#timer = timer;
  }

  #check(): void {
    if (!this.#answers) return this.#schedule(CALM_CHECK_MS);
    const { ports, ping, killed } = this.#options;
    const before = this.#liveness;
    const daemon = (this.#daemon ??= ports.find());
    const thread = daemon === null ? null : ports.threadOf(daemon);
    const { verdict, why } = (this.#liveness = judge(before, { heard: this.#hasHeard, asked: before.verdict !== 'alive', thread }));
    this.#hasHeard = false;
    if (verdict === 'hung' && daemon !== null && ports.kill(daemon)) killed(why);
    // One question at a time: it waits until it is answered.
    if (verdict !== 'alive' && before.verdict === 'alive') ping();
    this.#schedule(verdict === 'alive' ? CALM_CHECK_MS : CHECK_MS);
  }
}
