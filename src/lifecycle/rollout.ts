import { isLeaving, type WorkerState } from './states.ts';

/** A worker in the plan. Ids increase with each fork of an app. */
export interface RolloutWorker {
  readonly id: number;
  readonly state: WorkerState;
  /** Time since it became ready; null before. */
  readonly readyForMs: number | null;
}

export interface RolloutSlot {
  readonly slot: number;
  readonly workers: readonly RolloutWorker[];
}

/** Replaces the workers of some slots, the new ones first. */
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
  /** Slots that failed (`--on-failure continue`); they keep their old worker. */
  readonly givenUp: ReadonlySet<number>;
}

export type RolloutStep = { readonly do: 'fork'; readonly slot: number } | { readonly do: 'retire'; readonly slot: number; readonly id: number };

export interface RolloutPlan {
  readonly steps: readonly RolloutStep[];
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
  readonly monitorLeftMs: number;
}

function view(slot: RolloutSlot, rollout: Rollout): View {
  const isOld = (w: RolloutWorker): boolean => w.id <= rollout.cutId;
  const old = slot.workers.filter((w) => isOld(w) && !isLeaving(w.state));
  const oldLeaving = slot.workers.filter((w) => isOld(w) && isLeaving(w.state) && w.state !== 'exited').length;
  const fresh = slot.workers.find((w) => !isOld(w) && !isLeaving(w.state));
  const left = fresh?.readyForMs == null ? rollout.monitorMs : Math.max(0, rollout.monitorMs - fresh.readyForMs);
  const phase: Phase = fresh === undefined ? 'pending' : fresh.state !== 'ready' ? 'starting' : left > 0 ? 'monitoring' : 'passed';
  return { slot: slot.slot, phase, old, oldLeaving, monitorLeftMs: left };
}

/**
 * The next steps of a rollout. Idempotent: the same facts give the same steps, so the next round makes up for a missed one. The
 * first slot is the canary and goes alone, whatever `parallel` is.
 */
export function planRollout(slots: readonly RolloutSlot[], rollout: Rollout): RolloutPlan {
  const views = slots
    .filter((s) => rollout.slots.includes(s.slot) && !rollout.givenUp.has(s.slot))
    .map((s) => view(s, rollout))
    .sort((a, b) => a.slot - b.slot);
  const steps: RolloutStep[] = [];
  const allPassed = views.every((v) => v.phase === 'passed');
  const mayRetire = !rollout.allAtOnce || allPassed;
  for (const v of views) {
    if (v.phase === 'passed' && mayRetire) for (const w of v.old) steps.push({ do: 'retire', slot: v.slot, id: w.id });
  }
  const canaryPassed = views.some((v) => v.phase === 'passed');
  const width = rollout.allAtOnce ? views.length : canaryPassed ? rollout.parallel : 1;
  const underWay = views.filter((v) => v.phase === 'starting' || v.phase === 'monitoring').length;
  const leaving = views.filter((v) => v.oldLeaving > 0 || (v.phase === 'passed' && v.old.length > 0)).length;
  const room = rollout.allAtOnce ? width - underWay : Math.min(width - underWay, rollout.parallel - underWay - leaving);
  for (const v of views.filter((w) => w.phase === 'pending').slice(0, Math.max(0, room))) {
    steps.push({ do: 'fork', slot: v.slot });
  }
  const monitoring = views.filter((v) => v.phase === 'monitoring').map((v) => v.monitorLeftMs);
  return {
    steps,
    done: allPassed && views.every((v) => v.old.length === 0 && v.oldLeaving === 0),
    wakeInMs: monitoring.length === 0 ? null : Math.min(...monitoring),
  };
}
