import type { StopReason } from '../../lifecycle/exit-report.ts';
import {
  afterRecycle,
  isSoon,
  isTooLow,
  NO_STREAK,
  recycleDueAt,
  recycleLimits,
  recycleReason,
  type RecycleLimits,
  type RecycleReason,
  type RecycleStreak,
} from '../../lifecycle/recycle-limits.ts';
import { describeLowLimit, megabytes, shortTime } from '../../lifecycle/wording.ts';
import { isServing } from '../../lifecycle/states.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { LowLimit } from '../../protocol/snapshot.ts';
import { now } from '../../system/clock.ts';
import type { Recycler } from '../operations/recycler.ts';
import { currentWorker, type Pool } from '../workers/pool.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';

const LIFETIME_CHECK_MS = 1_000;

type LimitReason = Exclude<RecycleReason, 'unhealthy'>;

const OPTION: Readonly<Record<LimitReason, string>> = { memory: 'max_memory_restart', requests: 'max_requests', lifetime: 'max_lifetime' };

interface LimitsOptions {
  readonly pool: Pool;
  /** Queues the start-first replacement of a worker. */
  readonly recycler: Pick<Recycler, 'recycle'>;
  /** Frees the worker's slot for a new worker immediately. */
  readonly abandon: (worker: WorkerHandle, stopReason: StopReason, reason: string) => void;
  readonly event: EmitEvent;
}

/** How a worker reached a limit. */
interface Reached {
  readonly readyForMs: number;
  /** Its replacement was requested. */
  isReplaced: boolean;
}

/** What is known about a slot whose workers reached a limit soon. */
interface SlotLimit {
  readonly reason: LimitReason;
  readonly message: string;
  readonly streak: RecycleStreak;
}

/** Replaces workers that reach a limit on memory, requests or lifetime; less and less often if they do so soon after their start. */
export class Limits {
  readonly #options: LimitsOptions;
  readonly #limitsOf = new WeakMap<WorkerHandle, RecycleLimits>();
  #reached = new WeakMap<WorkerHandle, Reached>();
  readonly #slots = new Map<number, SlotLimit>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /** Whether there is a memory limit, so memory must be sampled every second. */
  get onMemory(): boolean {
    const { maxMemoryBytes, maxMemoryKillBytes } = this.#options.pool.spec;
    return maxMemoryBytes !== null || maxMemoryKillBytes !== null;
  }

  /** Applies the current definition. */
  configure(): void {
    this.stop();
    this.#slots.clear();
    this.#reached = new WeakMap();
    if (this.#options.pool.spec.maxLifetimeMs === null) return;
    this.#timer = setInterval(() => {
      for (const worker of this.#options.pool.workers) this.check(worker);
    }, LIFETIME_CHECK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  sampled(worker: WorkerHandle, memoryBytes: number): void {
    const { maxMemoryBytes, maxMemoryKillBytes } = this.#options.pool.spec;
    if (!isServing(worker.state)) return;
    if (maxMemoryKillBytes !== null && memoryBytes > maxMemoryKillBytes) {
      const reason = `it uses ${megabytes(memoryBytes)}, max_memory_kill is ${megabytes(maxMemoryKillBytes)}`;
      worker.end.explain('memory-limit', `killed: it used ${megabytes(memoryBytes)}, max_memory_kill is ${megabytes(maxMemoryKillBytes)}`);
      this.#options.abandon(worker, 'memory-kill', reason);
      worker.kill();
    } else if (maxMemoryBytes !== null && memoryBytes > maxMemoryBytes) {
      const [uses, limit] = [megabytes(memoryBytes), megabytes(maxMemoryBytes)];
      this.#replace(worker, 'memory', `it uses ${uses}, the limit is ${limit}`, `${OPTION.memory} is too low: limit ${limit}, needs ${uses}`);
    } else if (this.#slots.get(worker.slot)?.reason === 'memory' && this.#reached.get(worker)?.isReplaced === false) {
      this.#reached.delete(worker);
    }
  }

  /** Checks requests and lifetime, after each heartbeat and once a second. */
  check(worker: WorkerHandle): void {
    const { pool } = this.#options;
    const { maxRequests, maxLifetimeMs } = pool.spec;
    if ((maxRequests === null && maxLifetimeMs === null) || !isServing(worker.state)) return;
    let limits = this.#limitsOf.get(worker);
    if (limits === undefined) {
      limits = recycleLimits(pool.spec, worker.slot, pool.wanted, Math.random());
      this.#limitsOf.set(worker, limits);
    }
    const requests = worker.meter.last?.requests ?? 0;
    const reason = recycleReason({ requests, uptimeMs: worker.uptimeMs }, limits);
    if (reason === 'requests') {
      const after = shortTime(this.#reached.get(worker)?.readyForMs ?? readyForMs(worker));
      const low = `${OPTION.requests} is too low: limit ${limits.requests}, reached after ${after}`;
      this.#replace(worker, reason, `it served ${requests} requests, its limit is ${limits.requests}`, low);
    }
    if (reason === 'lifetime') {
      const limit = `${Math.round((limits.lifetimeMs ?? 0) / 100) / 10} s`;
      this.#replace(worker, reason, `it reached its max_lifetime of ${limit}`, `${OPTION.lifetime} is too low: limit ${limit}`);
    }
  }

  /** Limits that workers reach soon after their start, again and again. */
  tooLow(): readonly LowLimit[] {
    const { pool } = this.#options;
    return [...this.#slots].flatMap(([slot, { reason, message, streak }]) => {
      const worker = slot < pool.wanted ? currentWorker(pool.slot(slot)) : undefined;
      const reached = worker !== undefined && this.#reached.has(worker);
      const isOver = worker !== undefined && !reached && !isSoon(readyForMs(worker));
      if (!isTooLow(streak) || isOver) return [];
      return [
        { slot, option: OPTION[reason], message, inARow: streak.length, againInMs: reached ? Math.max(0, Math.round(recycleDueAt(streak) - now())) : null },
      ];
    });
  }

  #replace(worker: WorkerHandle, reason: LimitReason, why: string, message: string): void {
    const at = now();
    const { slot } = worker;
    const { recycler, event } = this.#options;
    const isNew = !this.#reached.has(worker);
    const reached = this.#reached.get(worker) ?? { readyForMs: readyForMs(worker), isReplaced: false };
    this.#reached.set(worker, reached);
    const streak = this.#slots.get(slot)?.streak ?? NO_STREAK;
    const waitMs = isSoon(reached.readyForMs) ? recycleDueAt(streak) - at : 0;
    this.#slots.set(slot, { reason, message, streak });
    if (waitMs > 0 && !reached.isReplaced) {
      if (isNew && isTooLow(streak)) {
        event('limit-low', `worker ${slot}: ${describeLowLimit({ message, inARow: streak.length, againInMs: waitMs })}`, worker);
      }
      return;
    }
    if (!reached.isReplaced) this.#slots.set(slot, { reason, message, streak: afterRecycle(streak, reached.readyForMs, at) });
    reached.isReplaced = true;
    recycler.recycle(worker, reason, why);
  }
}

/** How long it has been ready. */
const readyForMs = ({ readyAt }: WorkerHandle): number => (readyAt === null ? 0 : now() - readyAt);
