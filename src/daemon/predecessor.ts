import { messageOf } from '../errors/lb-error.ts';
import { commandsEnded, type LeftCommands } from './left-commands.ts';
import { isOrphaned, OrphanedSession, orphansNow } from './orphaned-session.ts';

/** What matters of an app that the dead primary ran. */
export interface LeftApp {
  readonly name: string;
  readonly wanted: boolean;
  readonly stopFirst: boolean;
  readonly killTimeoutMs: number;
}

interface PredecessorOptions {
  readonly log: (message: string) => void;
  readonly commands: Pick<LeftCommands, 'of' | 'forget'>;
  /** What a dead primary left has ended. */
  readonly gone: () => void;
}

/**
 * The dead primaries before the next one. What they left behind ends by itself, or, if it is a command, is asked to; it is killed after
 * `kill_timeout`. An app that is replaced stop-first starts again when its part of that has ended; the others do not wait.
 */
export class Predecessor {
  readonly #options: PredecessorOptions;
  /** The pids of dead primaries, until what they left has ended. */
  readonly #left = new Set<number>();
  /** Of the apps that must not run twice. */
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(options: PredecessorOptions) {
    this.#options = options;
  }

  /** The pids of dead primaries of which something still runs. */
  get pids(): readonly number[] {
    return [...this.#left];
  }

  /** The primary with this pid is dead. @param recorded the pid was read from a file */
  leaves(pid: number, apps: readonly LeftApp[], recorded = false): void {
    if (apps.length === 0 || this.#left.has(pid)) return;
    const { commands, gone, log } = this.#options;
    const left = commands.of(pid);
    const hasOrphans = recorded ? isOrphaned(pid) : orphansNow(pid)?.length !== 0;
    if (left.length === 0) commands.forget(pid);
    if (!hasOrphans && left.length === 0) return;
    const session = hasOrphans ? new OrphanedSession(pid, apps) : null;
    const ending = commandsEnded(left);
    for (const { name } of apps.filter(({ wanted, stopFirst }) => wanted && stopFirst)) {
      const own = left.filter(({ app }) => app === name).map((command) => ending.get(command));
      this.#wait(name, Promise.all([session?.endedOf(name), ...own]));
    }
    this.#left.add(pid);
    void Promise.all([session?.ended, Promise.all(ending.values()).then(() => commands.forget(pid))])
      .catch((error: unknown) => log(`the workers of a dead primary (pid ${pid}) were not seen to end: ${messageOf(error)}`))
      .then(() => {
        this.#left.delete(pid);
        gone();
      });
  }

  /** Resolves when nothing is left that keeps this app from running again. Null if there is nothing. */
  goneFor(app: string): Promise<void> | null {
    return this.#waiting.get(app) ?? null;
  }

  #wait(app: string, ended: Promise<unknown>): void {
    const all = Promise.all([this.#waiting.get(app), ended]).then(
      () => {},
      () => {},
    );
    this.#waiting.set(app, all);
    void all.then(() => {
      if (this.#waiting.get(app) === all) this.#waiting.delete(app);
    });
  }
}
