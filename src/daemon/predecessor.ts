import { messageOf } from '../errors/lb-error.ts';
import { commandsEnded, type LeftCommands } from './left-commands.ts';
import { isOrphaned, orphansEnded, orphansNow } from './orphaned-session.ts';

/** What matters of an app that the dead primary ran. */
export interface LeftApp {
  readonly wanted: boolean;
  readonly stopFirst: boolean;
  readonly killTimeoutMs: number;
}

/**
 * The dead primary before the next one. What it left behind ends by itself, or, if it is a command, is asked to; it is killed after `kill_timeout`; if one of its apps is
 * replaced stop-first, the next primary waits for that.
 */
export class Predecessor {
  readonly #log: (message: string) => void;
  readonly #commands: Pick<LeftCommands, 'of' | 'forget'>;
  #waiting: (() => void)[] | null = null;

  constructor(log: (message: string) => void, commands: Pick<LeftCommands, 'of' | 'forget'>) {
    this.#log = log;
    this.#commands = commands;
  }

  /** The primary with this pid is dead. @param recorded the pid was read from a file */
  leaves(pid: number, apps: readonly LeftApp[], recorded = false): void {
    if (this.#waiting !== null || apps.length === 0) return;
    const commands = this.#commands.of(pid);
    const hasOrphans = recorded ? isOrphaned(pid) : orphansNow(pid)?.length !== 0;
    if (commands.length === 0) this.#commands.forget(pid);
    if (!hasOrphans && commands.length === 0) return;
    const careful = apps.filter(({ wanted, stopFirst }) => wanted && stopFirst);
    const withinMs = Math.max(...(careful.length > 0 ? careful : apps).map(({ killTimeoutMs }) => killTimeoutMs));
    const ended = Promise.all([hasOrphans ? orphansEnded(pid, withinMs) : null, commandsEnded(commands).then(() => this.#commands.forget(pid))]).catch(
      (error: unknown) => this.#log(`the workers of a dead primary (pid ${pid}) were not seen to end: ${messageOf(error)}`),
    );
    if (careful.length === 0) return;
    this.#log(`the workers of a dead primary (pid ${pid}) have to end before the next one starts`);
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    void ended.then(() => {
      this.#waiting = null;
      for (const go of waiting) go();
    });
  }

  /** Calls back when nothing is left that has to end: at once, in this turn, if there is nothing. */
  whenGone(go: () => void): void {
    if (this.#waiting === null) go();
    else this.#waiting.push(go);
  }
}
