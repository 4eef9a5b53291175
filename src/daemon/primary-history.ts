import type { AppUser } from '../lifecycle/app-user.ts';
import { isAlive } from '../system/processes.ts';
import { LeftCommands } from './left-commands.ts';
import { Predecessor, type LeftApp } from './predecessor.ts';
import { PrimaryRecord, type PrimaryId, type RecordedPrimary } from './primary-record.ts';
import type { PrimaryKeeperOptions } from './tenant.ts';

/** The primaries of one name, one after another: which one runs, and what those before it left. A file tells the next daemon. */
export class PrimaryHistory {
  readonly #record: PrimaryRecord;
  readonly #predecessor: Predecessor;
  #current: { readonly primary: PrimaryId; readonly apps: readonly LeftApp[] } | null = null;

  /** @param user as whom the primaries run */
  constructor(options: Pick<PrimaryKeeperOptions, 'name' | 'home' | 'primariesDir' | 'reports' | 'log'>, user: () => AppUser | null) {
    const { name, log } = options;
    this.#record = new PrimaryRecord(options);
    this.#predecessor = new Predecessor({
      log: (message) => log(`${name}: ${message}`),
      commands: new LeftCommands(options, user),
      gone: () => this.#note(),
    });
  }

  /** The primary that an earlier daemon left; null if there is none, or it is dead. What dead ones left has to end. @param known where there is no record */
  find(apps: readonly LeftApp[], known: PrimaryId | null): PrimaryId | null {
    const recorded: RecordedPrimary | null = this.#record.read() ?? known;
    if (recorded === null) return null;
    const isRunning = isAlive(recorded.pid, recorded.startTime);
    for (const pid of [...(recorded.left ?? []), ...(isRunning ? [] : [recorded.pid])]) this.#predecessor.leaves(pid, apps, true);
    return isRunning ? { pid: recorded.pid, startTime: recorded.startTime } : null;
  }

  /** This primary runs, with these apps. One that could not be started has no pid. */
  runs(primary: PrimaryId, apps: readonly LeftApp[]): void {
    this.#current = primary.pid === 0 ? null : { primary, apps };
    this.#note();
  }

  /** An app has come into the primary, or left it. */
  hosts(apps: readonly LeftApp[]): void {
    if (this.#current !== null) this.runs(this.#current.primary, apps);
  }

  /** The primary has ended; these apps were in it. */
  ended(pid: number, apps: readonly LeftApp[]): void {
    this.#current = null;
    this.#predecessor.leaves(pid, apps);
    this.#note();
  }

  /** Resolves when nothing is left that keeps this app from running again; null if there is nothing. */
  goneFor(app: string): Promise<void> | null {
    return this.#predecessor.goneFor(app);
  }

  /** As long as something of a dead primary runs, a daemon that comes after this one must find it. */
  #note(): void {
    const left = this.#predecessor.pids;
    if (this.#current !== null) this.#record.write(this.#current.primary, this.#current.apps, left);
    else if (left.length === 0) this.#record.remove();
  }
}
