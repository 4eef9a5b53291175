import { isLeaving, type WorkerState } from './states.ts';

/** A worker in the plan. Ids increase with each fork of an app. */
export interface RolloutWorker {
  readonly id: number;
  readonly state: WorkerState;
  /** Time since it became ready; null before. */
  readonly readyForMs: number | null;
  /** Null before it was measured. */
  readonly memoryBytes: number | null;
}

export interface RolloutSlot {
  readonly slot: number;
  readonly workers: readonly RolloutWorker[];
  /** A new worker exited, and its failure is known when its last output has been read. It ends the rollout, or gives up the slot. */
  readonly awaitsReport: boolean;
}

/** Replaces the workers of some slots. */
export interface Rollout {
  /** Workers with this id or a lower one are old. */
  readonly cutId: number;
  readonly slots: readonly number[];
  /** Slots replaced at the same time. */
  readonly parallel: number;
  /** Monitor window: how long a new worker must be ready before an old one leaves. */
  readonly monitorMs: number;
  /** No old worker leaves until every new one has passed. */
  readonly allAtOnce: boolean;
  /** A new worker starts only when every old process of its slot is gone. */
  readonly stopFirst: boolean;
  /** A new worker with this id is still compared with its peers: it has not passed, however long it has been ready. */
  readonly onTrial: number | null;
  /** Slots that failed (`--on-failure continue`); they keep their old worker. */
  readonly givenUp: ReadonlySet<number>;
}

/** What limits how many workers an app has at a time. */
export interface RolloutRoom {
  /** How many of its workers may be leaving at a time. */
  readonly maxDraining: number;
  /** How many are leaving now, in whatever slot, and whatever made them leave. */
  readonly draining: number;
  /** Memory that is left on the machine or in the container; null if unknown. */
  readonly memoryLeftBytes: number | null;
}

export type RolloutStep = { readonly do: 'fork'; readonly slot: number } | { readonly do: 'retire'; readonly slot: number; readonly id: number };

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
  /** Every slot has its new worker, and the old ones have left or are leaving. */
  readonly replaced: boolean;
  /** No old worker is left. */
  readonly done: boolean;
  /** When to plan again if nothing happens, in milliseconds; null for never. */
  readonly wakeInMs: number | null;
}

type Phase = 'pending' | 'starting' | 'monitoring' | 'passed';

interface View {
  readonly slot: number;
  readonly phase: Phase;
  readonly old: readonly RolloutWorker[];
  readonly oldLeaving: number;
  /** No worker of the slot is left, not even one whose exit is being reported. */
  readonly empty: boolean;
  readonly monitorLeftMs: number;
  /** What the new worker will need beyond what it has: as much as its predecessor, until it has passed. */
  readonly growthBytes: number;
}

const CHECK_MEMORY_EVERY_MS = 1_000;

function view(slot: RolloutSlot, rollout: Rollout): View {
  const isOld = (w: RolloutWorker): boolean => w.id <= rollout.cutId;
  const old = slot.workers.filter((w) => isOld(w) && !isLeaving(w.state));
  const oldLeaving = slot.workers.filter((w) => isOld(w) && isLeaving(w.state) && w.state !== 'exited').length;
  const fresh = slot.workers.find((w) => !isOld(w) && !isLeaving(w.state));
  const left = fresh?.readyForMs == null ? rollout.monitorMs : Math.max(0, rollout.monitorMs - fresh.readyForMs);
  const isWatched = left > 0 || (fresh !== undefined && fresh.id === rollout.onTrial);
  const phase: Phase =
    fresh === undefined ? (slot.awaitsReport ? 'starting' : 'pending') : fresh.state !== 'ready' ? 'starting' : isWatched ? 'monitoring' : 'passed';
  const growthBytes = phase === 'passed' ? 0 : Math.max(0, memoryOf(old) - memoryOf(fresh === undefined ? [] : [fresh]));
  return { slot: slot.slot, phase, old, oldLeaving, empty: slot.workers.length === 0, monitorLeftMs: left, growthBytes };
}

/** When monitor windows end. A trial ends by itself. */
const monitorTimes = (views: readonly View[]): number[] => views.filter((v) => v.phase === 'monitoring' && v.monitorLeftMs > 0).map((v) => v.monitorLeftMs);

const memoryOf = (workers: readonly RolloutWorker[]): number => Math.max(0, ...workers.map(({ memoryBytes }) => memoryBytes ?? 0));

/**
 * The next steps of a rollout. Idempotent: the same facts give the same steps, so the next round makes up for a missed one. The
 * first slot is the canary and goes alone, whatever `parallel` is. Old workers leave while the next slots begin, as far as there is
 * room.
 */
export function planRollout(slots: readonly RolloutSlot[], rollout: Rollout, room: RolloutRoom): RolloutPlan {
  const views = slots
    .filter((s) => rollout.slots.includes(s.slot) && !rollout.givenUp.has(s.slot))
    .map((s) => view(s, rollout))
    .sort((a, b) => a.slot - b.slot);
  if (rollout.stopFirst) return planStopFirst(views, rollout, room);
  const allPassed = views.every((v) => v.phase === 'passed');
  const passed = views.filter((v) => v.phase === 'passed' && (!rollout.allAtOnce || allPassed));
  const mayLeave = passed.flatMap((v) => v.old.map(({ id }) => ({ do: 'retire' as const, slot: v.slot, id })));
  // All at once means at once.
  const retired = mayLeave.slice(0, rollout.allAtOnce ? mayLeave.length : Math.max(0, room.maxDraining - room.draining));
  const starts = startsOf(views, rollout, { ...room, draining: room.draining + mayLeave.length });
  const monitoring = monitorTimes(views);
  const dueInMs = starts.waitForMemory ? [...monitoring, CHECK_MEMORY_EVERY_MS] : monitoring;
  const replaced = allPassed && mayLeave.length === retired.length;
  return {
    steps: [...retired, ...starts.slots.map((slot) => ({ do: 'fork' as const, slot }))],
    replaced,
    done: replaced && views.every((v) => v.old.length === 0 && v.oldLeaving === 0),
    wakeInMs: dueInMs.length === 0 ? null : Math.min(...dueInMs),
  };
}

/**
 * The old worker of a slot leaves, its successor starts when it is gone; then the next slots, as many at a time as `parallel` says. No
 * slot but the canary is empty before that has passed.
 */
function planStopFirst(views: readonly View[], { allAtOnce, parallel }: Rollout, room: RolloutRoom): RolloutPlan {
  const begun = views.filter((v) => v.phase === 'starting' || v.phase === 'monitoring' || (v.phase === 'pending' && v.old.length === 0));
  const waiting = views.filter((v) => v.phase === 'pending' && v.old.length > 0);
  const canaryPassed = views.some((v) => v.phase === 'passed');
  const free = allAtOnce ? waiting.length : Math.min((canaryPassed ? parallel : 1) - begun.length, room.maxDraining - room.draining);
  // An old worker beside a new one that has passed is one too many.
  const surplus = views.filter((v) => v.phase === 'passed');
  const retired = [...surplus, ...waiting.slice(0, Math.max(0, free))].flatMap((v) => v.old.map(({ id }) => ({ do: 'retire' as const, slot: v.slot, id })));
  const forked = begun.filter((v) => v.empty).map(({ slot }) => ({ do: 'fork' as const, slot }));
  const monitoring = monitorTimes(views);
  const replaced = views.every((v) => v.phase === 'passed');
  return {
    steps: [...retired, ...forked],
    replaced,
    done: replaced && views.every((v) => v.old.length === 0 && v.oldLeaving === 0),
    wakeInMs: monitoring.length === 0 ? null : Math.min(...monitoring),
  };
}

/**
 * The slots that begin now.
 * @param room where `draining` includes those that may leave and have to wait.
 */
function startsOf(views: readonly View[], { allAtOnce, parallel }: Rollout, room: RolloutRoom): { readonly slots: number[]; readonly waitForMemory: boolean } {
  const pending = views.filter((v) => v.phase === 'pending');
  if (allAtOnce) return { slots: pending.map(({ slot }) => slot), waitForMemory: false };
  const canaryPassed = views.some((v) => v.phase === 'passed');
  const underWay = views.filter((v) => v.phase === 'starting' || v.phase === 'monitoring');
  const free = Math.min((canaryPassed ? parallel : 1) - underWay.length, Math.max(room.maxDraining, parallel) - underWay.length - room.draining);
  const slots: number[] = [];
  let left = (room.memoryLeftBytes ?? Number.POSITIVE_INFINITY) - sum(underWay.map(({ growthBytes }) => growthBytes));
  for (const { slot, growthBytes } of pending.slice(0, Math.max(0, free))) {
    left -= growthBytes;
    // What leaves gives its memory back. If nothing does, waiting would help nobody.
    if (left < 0 && room.draining + underWay.length + slots.length > 0) return { slots, waitForMemory: true };
    slots.push(slot);
  }
  return { slots, waitForMemory: false };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
