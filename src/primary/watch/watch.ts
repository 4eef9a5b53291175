import { messageOf } from '../../errors/lb-error.ts';
import type { StopReason } from '../../lifecycle/exit-report.ts';
import type { CheckPassed } from '../../lifecycle/readiness.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { parseSelfReport } from '../../protocol/self-report.ts';
import type { WorkerHealth } from '../../protocol/snapshot.ts';
import { now } from '../../system/clock.ts';
import type { Ingress } from '../ingress/ingress.ts';
import type { Router } from '../ingress/router.ts';
import type { Recycler } from '../operations/recycler.ts';
import type { Supervisor } from '../supervisor.ts';
import type { Pool } from '../workers/pool.ts';
import { isSilent } from '../workers/present-load.ts';
import type { WorkerHandle, WorkerObserver } from '../workers/worker-handle.ts';
import { HangWatch } from './hang/hang-watch.ts';
import { endHungWorker } from './hang/hung-worker.ts';
import { HealthMonitor } from './health/health-monitor.ts';
import { probeFromOutside } from './health/outside-probe.ts';
import { probedListener } from './health/probed-listener.ts';
import { Prober } from './health/prober.ts';
import { KernelKills } from './kernel-kills.ts';
import type { Limits } from './limits.ts';

interface WatchOptions {
  readonly pool: Pool;
  readonly ingress: Ingress;
  readonly router: Router;
  readonly supervisor: Supervisor;
  readonly event: EmitEvent;
  /** A worker is blocked, so it cannot report its own state. */
  readonly silent: () => void;
  readonly limits: Limits;
  readonly recycler: Recycler;
}

/** Watches the workers of an app: health checks, traffic, their own reports, hangs and limits. */
export class Watch implements WorkerObserver {
  readonly #kernelKills = new KernelKills();
  readonly #options: WatchOptions;
  readonly #health: HealthMonitor<WorkerHandle>;
  readonly #hangs: HangWatch<WorkerHandle>;
  readonly #prober: Prober<WorkerHandle>;

  constructor(options: WatchOptions) {
    const { pool, ingress, router, supervisor, event, recycler, silent } = options;
    this.#options = options;
    const workers = (): readonly WorkerHandle[] => pool.workers.filter((worker) => worker.state !== 'exited');
    const abandon = (worker: WorkerHandle, stopReason: StopReason, reason: string): void => supervisor.abandon(worker, stopReason, reason);
    this.#prober = new Prober((worker, key, connection, outcome) => worker.handOff.probe(key, connection, outcome));
    this.#hangs = new HangWatch({
      workers,
      hangTimeoutMs: () => pool.spec.hangTimeoutMs,
      hung: (worker, silentMs) => {
        endHungWorker(worker, silentMs, { abandon, event }).catch((error: unknown) => event('hung', `worker ${worker.slot}: ${messageOf(error)}`, worker));
      },
      checked: () => {
        const at = now();
        if (workers().some((worker) => worker.meter.last !== null && isSilent(worker, at))) silent();
      },
    });
    this.#health = new HealthMonitor<WorkerHandle>({
      workers,
      checkOf: (worker) => worker.spec.health,
      ejection: () => pool.spec.ejection,
      vitals: ({ meter, handOff: { pending } }) => ({ beat: meter.last, refusals: meter.lost, untakenMs: pending === null ? 0 : now() - pending.handedAt }),
      inRotation: (worker) => router.weight(worker) > 0 && !worker.standby,
      probe: (worker, check) => {
        // Writing a heap snapshot blocks the worker, which says nothing about its health.
        if (worker.profile.kind === 'heap') return Promise.resolve(null);
        // Before that it cannot pass, and its failures would say nothing.
        if (!worker.channel.takesConnections) return worker.self.saidReady ? probeFromOutside(worker, check) : null;
        const listener = probedListener(worker.keys, check.port, ingress.probed);
        return listener === null ? null : this.#prober.probe(worker, listener, check);
      },
      eject: (worker, why) => this.#eject(worker, why),
      readmit: (worker) => {
        worker.move('ready');
        event('readmit', `worker ${worker.slot} is back in rotation`, worker);
      },
      replace: (worker, why) => recycler.recycle(worker, 'unhealthy', why),
      changed: () => supervisor.wake(),
    });
  }

  start(): void {
    this.#hangs.start();
  }

  stop(): void {
    this.#hangs.stop();
    this.#options.limits.stop();
    this.#health.stop();
    this.#prober.close();
  }

  onSpecChanged(): void {
    this.#options.limits.configure();
    this.#health.wake();
  }

  onStateChanged(): void {
    this.#health.wake();
  }

  onListenersChanged(): void {
    this.#health.wake();
  }

  onBeat(worker: WorkerHandle): void {
    this.#options.limits.check(worker);
    this.#kernelKills.check();
    this.#health.beat();
  }

  onExit(worker: WorkerHandle, _code: number | null, signal: string | null): void {
    const isUnexplained = signal === 'SIGKILL' && worker.end.stopReason === null;
    if (isUnexplained && this.#kernelKills.justNow()) worker.end.explain('kernel', 'out of memory (killed by the kernel)');
  }

  passedCheck(worker: WorkerHandle): CheckPassed {
    if (this.#health.passed(worker)) return { passed: true };
    const last = this.report().find(({ pid }) => pid === worker.pid)?.last;
    return { passed: false, reason: last?.reason ?? null };
  }

  /** How many wanted slots have a worker that takes connections and has no cause for ejection. */
  healthySlots(health: readonly WorkerHealth[] = this.report()): number {
    const { pool, router } = this.#options;
    const unhealthy = new Set(health.flatMap(({ pid, causes }) => (causes.length > 0 ? [pid] : [])));
    const isHealthy = (worker: WorkerHandle): boolean => worker.state === 'ready' && router.weight(worker) > 0 && !unhealthy.has(worker.pid);
    return pool.slots.filter(({ index, workers }) => index < pool.wanted && workers.some(isHealthy)).length;
  }

  report(): readonly WorkerHealth[] {
    return this.#health.report();
  }

  /** Handles a message from the app if it is a self-report. */
  onMessage(worker: WorkerHandle, message: unknown): void {
    if (message === 'ready') this.#health.wake();
    const report = parseSelfReport(message);
    if (report === null) return;
    const { event, router, supervisor } = this.#options;
    switch (report.lb) {
      case 'ready':
        worker.self.withdrawn = null;
        this.#health.saidReady(worker);
        supervisor.saidReady(worker);
        break;
      case 'drain':
        worker.self.withdrawn = report.reason;
        break;
      case 'down':
        this.#health.saidDown(worker, report.reason);
        break;
      case 'weight':
        worker.self.weight = report.value;
        break;
    }
    const reason = 'reason' in report ? `: ${report.reason}` : report.lb === 'weight' ? ` ${report.value ?? 'as configured'}` : '';
    event('self-report', `worker ${worker.slot} reported ${report.lb}${reason}`, worker);
    router.changed();
  }

  #eject(worker: WorkerHandle, why: string): void {
    const { event, pool, supervisor } = this.#options;
    worker.move('ejected');
    pool.counters.ejections++;
    event('eject', `worker ${worker.slot} ejected: ${why}`, worker);
    supervisor.ejected(worker, `ejected: ${why}`);
  }
}
