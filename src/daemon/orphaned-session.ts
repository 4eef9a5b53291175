import { setTimeout as sleep } from 'node:timers/promises';
import { field, string } from '../protocol/parser.ts';
import { WORKER_SETTINGS_VAR } from '../protocol/worker.ts';
import { now } from '../system/clock.ts';
import { startVariableOf } from '../system/process-text.ts';
import { descendantsOf, isAlive, isShell, parentOf, processesOfSession, sendSignal, sessionOf, type ProcessId } from '../system/processes.ts';
import { isLbCommand, killWorkerTree } from '../system/worker-tree.ts';

const CHECK_EVERY_MS = 50;
/** What workers started may take this long to end after the last of them, and then after SIGTERM, as while a primary lives. */
const GRACE_MS = 1_000;
const TERM_MS = 2_000;

/** An app of a dead primary. */
interface OrphanedApp {
  readonly name: string;
  readonly killTimeoutMs: number;
}

/**
 * Ends what a dead primary left behind: its workers, and what they started. All are in its session, whose number no other process
 * can get while one of them lives. Orphaned workers shut down by themselves; this waits for them, and kills those that are still there
 * after the `kill_timeout` of their app. Spared are running `lb` commands (a webhook that runs `lb reload`), their shells, and what
 * they started.
 */
export class OrphanedSession {
  readonly #session: number;
  readonly #kinship = new Kinship();
  readonly #deadlines: ReadonlyMap<string, number>;
  /** The latest of them. */
  readonly #deadline: number;
  readonly #waiting = new Map<string, (() => void)[]>();
  /** Since when a process has been without a worker that could end it; and whether it was asked to end. */
  readonly #leftovers = new Map<number, { readonly since: number; asked: boolean }>();
  /** Resolves when nothing is left. */
  readonly ended: Promise<void>;

  constructor(session: number, apps: readonly OrphanedApp[]) {
    const beganAt = now();
    this.#session = session;
    this.#deadlines = new Map(apps.map(({ name, killTimeoutMs }) => [name, beganAt + killTimeoutMs]));
    this.#deadline = Math.max(beganAt, ...this.#deadlines.values());
    this.ended = this.#end();
  }

  /** Resolves when nothing of this app is left. */
  endedOf(app: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(app, [...(this.#waiting.get(app) ?? []), resolve]));
  }

  async #end(): Promise<void> {
    // Whoever waits for an app says so in this turn.
    await Promise.resolve();
    for (;;) {
      const left = orphansNow(this.#session);
      if (left === null ? now() > this.#deadline + GRACE_MS : left.length === 0) break;
      if (left !== null) this.#reconcile(left);
      await sleep(CHECK_EVERY_MS);
    }
    for (const app of [...this.#waiting.keys()]) this.#isGone(app);
  }

  #reconcile(left: readonly ProcessId[]): void {
    const families = this.#kinship.familiesOf(left);
    // One that belongs to an unknown app may be of any.
    if (!families.has(UNKNOWN)) for (const app of [...this.#waiting.keys()]) if (!families.has(app)) this.#isGone(app);
    for (const [app, { workers, others }] of families) {
      const deadline = this.#deadlines.get(app) ?? this.#deadline;
      if (now() >= deadline) for (const { pid } of workers) killWorkerTree(pid);
      if (workers.length === 0 && (app !== UNKNOWN || families.size === 1)) for (const one of others) this.#endLeftover(one);
    }
  }

  #endLeftover({ pid }: ProcessId): void {
    const leftover = this.#leftovers.get(pid) ?? { since: now(), asked: false };
    this.#leftovers.set(pid, leftover);
    const ageMs = now() - leftover.since;
    if (ageMs >= GRACE_MS + TERM_MS) return killWorkerTree(pid);
    if (ageMs < GRACE_MS || leftover.asked) return;
    leftover.asked = true;
    sendSignal(pid, 'SIGTERM');
  }

  #isGone(app: string): void {
    for (const resolve of this.#waiting.get(app) ?? []) resolve();
    this.#waiting.delete(app);
  }
}

const UNKNOWN = '';

interface Family {
  readonly workers: ProcessId[];
  /** What they started. */
  readonly others: ProcessId[];
}

/** Remembers which process belongs to which app, because those whose worker has ended no longer show it. */
class Kinship {
  readonly #appOf = new Map<number, { readonly app: string; readonly isWorker: boolean }>();

  /** By app; what belongs to none that is known is under the empty name. */
  familiesOf(processes: readonly ProcessId[]): ReadonlyMap<string, Family> {
    const families = new Map<string, Family>();
    for (const one of processes) {
      const { app, isWorker } = this.#kinOf(one.pid);
      const family = families.get(app) ?? { workers: [], others: [] };
      families.set(app, family);
      (isWorker ? family.workers : family.others).push(one);
    }
    return families;
  }

  #kinOf(pid: number): { readonly app: string; readonly isWorker: boolean } {
    const known = this.#appOf.get(pid);
    if (known !== undefined && (known.isWorker || known.app !== UNKNOWN)) return known;
    const own = appOfWorker(pid);
    const parent = own === null ? parentOf(pid) : null;
    const kin = { app: own ?? (parent === null || parent <= 1 ? UNKNOWN : this.#kinOf(parent).app), isWorker: own !== null };
    this.#appOf.set(pid, kin);
    return kin;
  }
}

/**
 * Whether this is the session of a dead primary. A pid that was read from a file may be of a time before the machine or the container
 * was started again, and now be the session of another program.
 */
export const isOrphaned = (session: number): boolean => orphansNow(session)?.some(({ pid }) => appOfWorker(pid) !== null) ?? false;

/** Null if it cannot be known now. Workers end themselves by then, so nobody waits for ever. */
export function orphansNow(session: number): ProcessId[] | null {
  try {
    return orphansOf(session);
  } catch {
    return null;
  }
}

/** What a dead primary left behind and has to end. */
export function orphansOf(session: number): ProcessId[] {
  // A primary that could not be started has none. If a process has its pid, its session has ended, and this one is another's.
  if (session <= 1 || session === sessionOf(process.pid) || isAlive(session)) return [];
  const members = processesOfSession(session);
  const commands = members.filter(({ pid }) => isLbCommand(pid));
  // They wait for the command that they run.
  const shells = commands.flatMap(({ pid }) => parentOf(pid) ?? []).filter(isShell);
  const spared = new Set([...shells, ...commands.flatMap(({ pid }) => [pid, ...descendantsOf(pid).map((below) => below.pid)])]);
  return members.filter(({ pid }) => !spared.has(pid));
}

/** The app of a worker; null for any other process. The preload removes the variable, so what a worker started does not have it. */
function appOfWorker(pid: number): string | null {
  const settings = startVariableOf(pid, WORKER_SETTINGS_VAR);
  if (settings === undefined) return null;
  try {
    return field('app', string)(JSON.parse(settings));
  } catch {
    // Of an older version.
    return UNKNOWN;
  }
}
