import { afterCheck, nextCheckAt, type CheckResult } from '../../../balancing/active-check.ts';
import { describeCauses, eject, ejectPassively, expire, isEjected, lift, mayEjectPassively, nextLookAt } from '../../../balancing/ejection.ts';
import { outliers } from '../../../balancing/outlier.ts';
import type { EjectionSpec, HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { WorkerHealth } from '../../../protocol/snapshot.ts';
import { now, wallNow } from '../../../system/clock.ts';
import { WatchedWorker, type HealthWorker, type Vitals } from './watched-worker.ts';

interface HealthMonitorOptions<W extends HealthWorker> {
  /** All that are not gone. */
  readonly workers: () => readonly W[];
  /** The check of this worker, as it was defined when it was started: an older version may not know the path of a newer one. */
  readonly checkOf: (worker: W) => HealthCheckSpec | null;
  /** Null switches passive checks off. */
  readonly ejection: () => EjectionSpec | null;
  readonly vitals: (worker: W) => Vitals;
  /** It would get connections if it is well: its weight is above 0 and it does not wait for a switch. */
  readonly inRotation: (worker: W) => boolean;
  /** Checks it once; a result of null tells nothing about it. Null when it does not listen where the check goes. */
  readonly probe: (worker: W, check: HealthCheckSpec) => Promise<CheckResult | null> | null;
  /** `ready` becomes `ejected`. */
  readonly eject: (worker: W, why: string) => void;
  /** `ejected` becomes `ready`. */
  readonly readmit: (worker: W) => void;
  /** It has been ill for too long; asked again if that goes on. */
  readonly replace: (worker: W, why: string) => void;
  /** `passed` may have another answer. */
  readonly changed: () => void;
}

const OBSERVE_EVERY_MS = 1_000;

/**
 * Watches the health of an app's workers: runs their active checks, judges what the traffic tells, listens to what they
 * say of themselves, and takes them out of the rotation and back. Each look compares what should be with what is.
 */
export class HealthMonitor<W extends HealthWorker> {
  readonly #options: HealthMonitorOptions<W>;
  readonly #watched = new Map<number, WatchedWorker<W>>();
  /** Null while nothing happens: then the next heartbeat is soon enough, and no timer wakes a process that could sleep. */
  #observeAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: HealthMonitorOptions<W>) {
    this.#options = options;
  }

  /** A worker told how it is, which each of them does at least every 5 s. */
  beat(): void {
    if (this.#observeAt === null && this.#options.ejection() !== null) this.#reconcile();
  }

  /** Looks again soon; to be called when a worker came, went, began to listen or changed its state. */
  wake(): void {
    this.#wakeIn(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Part of being ready: its check, if it has one, succeeded. */
  passed(worker: W): boolean {
    return this.#options.checkOf(worker) === null || this.#watched.get(worker.id)?.check.verdict === 'up';
  }

  /** The app said `down`; stands until it says `ready`. */
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
    // One that starts may listen later; wake() will tell.
    if (probing === null && worker.state === 'starting') return;
    const where = check.port === null ? '' : ` on port ${check.port}`;
    watched.checking = true;
    void (probing ?? Promise.resolve<CheckResult>({ ok: false, reason: `does not listen${where}` })).then((result) => {
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
    // A sole worker is never ejected, so nobody needs to look.
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
    // One that still has not taken its connection has not become better by waiting.
    if (watched.untakenMs < takeTimeoutMs) watched.ejection = expire(watched.ejection, at);
  }

  /** The state of a worker follows from its causes. */
  #apply(watched: WatchedWorker<W>, serving: readonly WatchedWorker<W>[], at: number): void {
    const { worker, ejection } = watched;
    const hasPeers = serving.some((one) => one !== watched && this.#options.inRotation(one.worker));
    const ejected = isEjected(ejection, hasPeers);
    // The ejection of another one may have ended an operation, which took this one with it.
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
    watched.replaceAskedAt = at;
    const forSeconds = Math.round((at - (ejection.since ?? at)) / 1000);
    this.#options.replace(worker, `${describeCauses(ejection, at).join(', ')}, for ${forSeconds} s`);
  }

  #replaceAt({ worker, ejection, replaceAskedAt }: WatchedWorker<W>): number {
    const afterMs = this.#options.checkOf(worker)?.replaceAfterMs ?? null;
    if (ejection.since === null || afterMs === null) return Number.POSITIVE_INFINITY;
    return Math.max(ejection.since, replaceAskedAt) + afterMs;
  }

  /** When time alone calls for another look at this worker. */
  #nextAt(watched: WatchedWorker<W>, at: number): number {
    const times = [nextLookAt(watched.ejection) ?? at, this.#replaceAt(watched)];
    if (this.#options.checkOf(watched.worker) !== null && !watched.checking) times.push(watched.checkAt);
    // What is due already waits for something else, which will wake.
    return Math.min(...times.filter((time) => time > at));
  }
}
