import { afterCheck, nextCheckAt, type CheckResult } from '../../../balancing/active-check.ts';
import { describeCauses, eject, ejectPassively, expire, isEjected, lift, mayEjectPassively, expiresAt } from '../../../balancing/ejection.ts';
import { outliers } from '../../../balancing/outlier.ts';
import type { EjectionSpec, HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { WorkerHealth } from '../../../protocol/snapshot.ts';
import { now, wallNow } from '../../../system/clock.ts';
import { WatchedWorker, type HealthWorker, type Vitals } from './watched-worker.ts';

interface HealthMonitorOptions<W extends HealthWorker> {
  /** All workers that have not exited. */
  readonly workers: () => readonly W[];
  /** The check that was defined when this worker started: an older version of the app may not serve the path of a newer check. */
  readonly checkOf: (worker: W) => HealthCheckSpec | null;
  /** Null disables passive checks. */
  readonly ejection: () => EjectionSpec | null;
  readonly vitals: (worker: W) => Vitals;
  /** Whether it gets connections while it is healthy: its weight is above 0 and it is not on standby. */
  readonly inRotation: (worker: W) => boolean;
  /** Checks it once. Returns null if it does not listen on the port of the check; a null result is inconclusive. */
  readonly probe: (worker: W, check: HealthCheckSpec) => Promise<CheckResult | null> | null;
  /** Moves it from `ready` to `ejected`. */
  readonly eject: (worker: W, why: string) => void;
  /** Moves it from `ejected` to `ready`. */
  readonly readmit: (worker: W) => void;
  /** Requests its replacement after it was ejected for too long; repeated while it stays ejected. */
  readonly replace: (worker: W, why: string) => void;
  /** The result of `passed` may have changed. */
  readonly changed: () => void;
}

const OBSERVE_EVERY_MS = 1_000;

/**
 * Watches the health of an app's workers: runs active checks, evaluates their traffic and their self-reports, and ejects and
 * readmits them. Each round compares the wanted state with the actual one.
 */
export class HealthMonitor<W extends HealthWorker> {
  readonly #options: HealthMonitorOptions<W>;
  readonly #watched = new Map<number, WatchedWorker<W>>();
  /** When passive checks run next. Null while nothing happens: the next heartbeat triggers them, so an idle primary has no timer. */
  #observeAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: HealthMonitorOptions<W>) {
    this.#options = options;
  }

  /** A worker sent a heartbeat, which each does at least every 5 s. */
  beat(): void {
    if (this.#observeAt === null && this.#options.ejection() !== null) this.#reconcile();
  }

  /** Reconciles soon. Call it when a worker starts, exits, listens or changes state. */
  wake(): void {
    this.#wakeIn(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Whether its check succeeded, or it has none. A worker is not ready before. */
  passed(worker: W): boolean {
    return this.#options.checkOf(worker) === null || this.#watched.get(worker.id)?.check.verdict === 'up';
  }

  /** The app reported `down`, which holds until it reports `ready`. */
  saidDown(worker: W, reason: string): void {
    const watched = this.#watch(worker);
    watched.ejection = eject(watched.ejection, 'self', reason, now());
    this.wake();
  }

  saidReady(worker: W): void {
    const watched = this.#watch(worker);
    watched.ejection = lift(watched.ejection, 'self');
    this.wake();
  }

  report(): readonly WorkerHealth[] {
    const at = now();
    return this.#options.workers().map((worker) => this.#watch(worker).report(at));
  }

  #wakeIn(ms: number): void {
    const at = now() + Math.max(0, ms);
    if (this.#stopped || at >= this.#wakeAt) return;
    this.#wakeAt = at;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#reconcile();
      },
      Math.ceil(at - now()),
    );
  }

  #reconcile(): void {
    const at = now();
    const workers = this.#options.workers();
    for (const id of this.#watched.keys()) if (!workers.some((worker) => worker.id === id)) this.#watched.delete(id);
    const all = workers.map((worker) => this.#watch(worker));
    const serving = all.filter(({ isServing }) => isServing);
    for (const watched of all) this.#check(watched, at);
    if (this.#observeAt === null || at >= this.#observeAt) this.#observe(serving, at);
    for (const watched of serving) this.#expire(watched, at);
    for (const watched of serving) this.#apply(watched, serving, at);
    for (const watched of serving) this.#replace(watched, at);
    const nextAt = Math.min(...all.map((watched) => this.#nextAt(watched, at)), this.#observeAt ?? Number.POSITIVE_INFINITY);
    if (nextAt < Number.POSITIVE_INFINITY) this.#wakeIn(nextAt - now());
  }

  #watch(worker: W): WatchedWorker<W> {
    let watched = this.#watched.get(worker.id);
    if (watched === undefined) {
      watched = new WatchedWorker(worker);
      this.#watched.set(worker.id, watched);
    }
    return watched;
  }

  #check(watched: WatchedWorker<W>, at: number): void {
    const { worker } = watched;
    const check = this.#options.checkOf(worker);
    if (check === null || watched.checking || watched.checkAt > at) return;
    if (worker.state !== 'starting' && !watched.isServing) return;
    const probing = this.#options.probe(worker, check);
    // A starting worker may listen later, and wake() is called then.
    if (probing === null && worker.state === 'starting') return;
    const where = check.port === null ? '' : ` on port ${check.port}`;
    watched.checking = true;
    void (probing ?? Promise.resolve<CheckResult>({ ok: false, reason: `not listening${where}` })).then((result) => {
      watched.checking = false;
      this.#checked(watched, check, result, at);
      this.wake();
    });
  }

  #checked(watched: WatchedWorker<W>, check: HealthCheckSpec, result: CheckResult | null, startedAt: number): void {
    const before = watched.check.verdict;
    if (result !== null) watched.check = afterCheck(watched.check, result, check, wallNow());
    watched.checkAt = nextCheckAt(watched.check, check, watched.worker.slot, startedAt);
    const { verdict } = watched.check;
    if (verdict === before) return;
    if (verdict === 'up') watched.ejection = lift(watched.ejection, 'active');
    else if (result?.ok === false) watched.ejection = eject(watched.ejection, 'active', `${result.reason} (${check.fall} in a row)`, now());
    this.#options.changed();
  }

  /** Passive checks. */
  #observe(serving: readonly WatchedWorker<W>[], at: number): void {
    const policy = this.#options.ejection();
    // A sole worker is never ejected, so there is nothing to evaluate.
    if (policy === null || serving.length < 2) {
      this.#observeAt = null;
      return;
    }
    const active = serving.map((watched) => watched.observe(this.#options.vitals(watched.worker), at));
    this.#observeAt = active.includes(true) ? at + OBSERVE_EVERY_MS : null;
    const members = serving.filter(({ worker }) => this.#options.inRotation(worker));
    const healthy = members.filter(({ ejection }) => ejection.since === null);
    const found = outliers(
      healthy.map((watched) => watched.facts()),
      policy,
    );
    for (const watched of healthy) {
      const reason = found.get(watched.worker.id);
      if (
        reason === undefined ||
        !mayEjectPassively(
          members.map(({ ejection }) => ejection),
          policy,
        )
      )
        continue;
      watched.ejection = ejectPassively(watched.ejection, reason, policy, at);
    }
  }

  #expire(watched: WatchedWorker<W>, at: number): void {
    const takeTimeoutMs = this.#options.ejection()?.takeTimeoutMs ?? Number.POSITIVE_INFINITY;
    // A worker that still has not taken its connection has not recovered.
    if (watched.untakenMs < takeTimeoutMs) watched.ejection = expire(watched.ejection, at);
  }

  /** Ejects or readmits a worker as its causes demand. */
  #apply(watched: WatchedWorker<W>, serving: readonly WatchedWorker<W>[], at: number): void {
    const { worker, ejection } = watched;
    const hasPeers = serving.some((one) => one !== watched && this.#options.inRotation(one.worker));
    const ejected = isEjected(ejection, hasPeers);
    // Ejecting another worker may have failed an operation, which then retired this one.
    if (!watched.isServing || ejected === (worker.state === 'ejected')) return;
    if (ejected) this.#options.eject(worker, describeCauses(ejection, at).join(', '));
    else {
      watched.forgetFacts();
      this.#options.readmit(worker);
    }
  }

  #replace(watched: WatchedWorker<W>, at: number): void {
    if (at < this.#replaceAt(watched)) return;
    const { worker, ejection } = watched;
    watched.replaceRequestedAt = at;
    const forSeconds = Math.round((at - (ejection.since ?? at)) / 1000);
    this.#options.replace(worker, `${describeCauses(ejection, at).join(', ')}, for ${forSeconds} s`);
  }

  #replaceAt({ worker, ejection, replaceRequestedAt }: WatchedWorker<W>): number {
    const afterMs = this.#options.checkOf(worker)?.replaceAfterMs ?? null;
    if (ejection.since === null || afterMs === null) return Number.POSITIVE_INFINITY;
    return Math.max(ejection.since, replaceRequestedAt) + afterMs;
  }

  /** When this worker needs the next check without any event. */
  #nextAt(watched: WatchedWorker<W>, at: number): number {
    const times = [expiresAt(watched.ejection) ?? at, this.#replaceAt(watched)];
    if (this.#options.checkOf(watched.worker) !== null && !watched.checking) times.push(watched.checkAt);
    // Whatever is already due waits for an event, which calls wake().
    return Math.min(...times.filter((time) => time > at));
  }
}
