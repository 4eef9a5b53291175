import { describeBlockers } from '../lifecycle/describe-blockers.ts';
import { isLeaving, isShuttingDown } from '../lifecycle/states.ts';
import { describeLowLimit, plural } from '../lifecycle/wording.ts';
import type { AppSnapshot, SlotTrouble, WorkerSnapshot } from '../protocol/snapshot.ts';
import { STYLE } from '../terminal/style.ts';
import { age } from './format.ts';
import type { Cell } from './table.ts';
import { stateStyle, toneStyle } from './tones.ts';

/** The current activity of an app, line by line: the operation and its steps, what blocks them, and problems. */
export function underWay(app: AppSnapshot): readonly Cell[] {
  const lines: Cell[] = [];
  if (app.operation !== null) {
    lines.push({ text: `${app.operation.kind} for ${age(app.operation.sinceMs)}: ${progressOf(app, app.operation.kind)}`, style: STYLE.cyan | STYLE.bold });
  }
  lines.push(...steps(app), ...pendingSlots(app));
  if (app.queuedOperations.length > 0) lines.push({ text: `then: ${app.queuedOperations.join(', ')}`, style: STYLE.cyan });
  if (app.queued > 0) lines.push({ text: `${plural(app.queued, 'connection')} waiting for a worker`, style: toneStyle('warn') });
  if (app.panic) lines.push({ text: 'fewer than half of the workers are healthy; connections go to all of them', style: toneStyle('warn') });
  lines.push(...app.workers.flatMap((worker) => outOfRotation(app, worker)));
  if (app.state !== 'stopped') lines.push(...app.troubledSlots.map(trouble), ...lowLimits(app), ...lastFailure(app));
  if (app.error !== null) lines.push({ text: app.error, style: toneStyle('bad') });
  return lines;
}

function progressOf(app: AppSnapshot, kind: string): string {
  const left = app.workers.filter(({ state }) => isLeaving(state)).length;
  if (kind === 'stop') return `${plural(left, 'worker')} still running`;
  if (kind === 'reload' || kind === 'restart') {
    const renewed = app.workers.filter(({ generation, state }) => generation === app.generation && state === 'ready').length;
    return `${renewed} of ${app.instances} on generation ${app.generation}`;
  }
  return `${app.ready} of ${app.instances} ready`;
}

/** Workers that start or leave. */
function steps({ workers }: AppSnapshot): Cell[] {
  return workers.flatMap((worker): Cell[] => {
    if (worker.state === 'starting')
      return [{ text: `  slot ${worker.slot} starting for ${age(worker.uptimeMs)} (pid ${worker.pid})`, style: stateStyle(worker.state) }];
    if (!isShuttingDown(worker.state)) return [];
    const open = worker.blockers === null ? '' : `: ${describeBlockers(worker.blockers)}`;
    return [{ text: `  slot ${worker.slot} ${worker.state}${open}`, style: stateStyle(worker.state) }];
  });
}

/** Slots that a reload has yet to replace. */
function pendingSlots({ operation, workers, generation }: AppSnapshot): Cell[] {
  if (operation?.kind !== 'reload') return [];
  const renewed = new Set(workers.filter((worker) => worker.generation === generation).map(({ slot }) => slot));
  const slots = [...new Set(workers.map(({ slot }) => slot))].filter((slot) => !renewed.has(slot)).sort((a, b) => a - b);
  return slots.length === 0 ? [] : [{ text: `  then slot${slots.length === 1 ? '' : 's'} ${slots.join(', ')}`, style: STYLE.dim }];
}

/** Why a running worker gets no new connections. */
function outOfRotation(app: AppSnapshot, { slot, pid, state, withdrawn }: WorkerSnapshot): Cell[] {
  if (state === 'ejected') {
    const causes = app.health.find((health) => health.pid === pid)?.causes ?? [];
    return [{ text: `slot ${slot} ejected${causes.length === 0 ? '' : `: ${causes.join('; ')}`}`, style: stateStyle(state) }];
  }
  return state === 'ready' && withdrawn !== null ? [{ text: `slot ${slot} reported drain: ${withdrawn}`, style: toneStyle('warn') }] : [];
}

/** Why a worker failed recently, unless its slot is shown anyway. */
function lastFailure({ lastFailure: failure, troubledSlots }: AppSnapshot): Cell[] {
  if (failure === undefined || troubledSlots.some(({ slot }) => slot === failure.slot)) return [];
  return [{ text: `slot ${failure.slot} ended ${age(failure.agoMs)} ago: ${failure.cause}`, style: toneStyle('warn') }];
}

/** Limits that workers reach soon after their start. */
function lowLimits({ lowLimits: low = [] }: AppSnapshot): Cell[] {
  return low.map((limit) => ({ text: `slot ${limit.slot}: ${describeLowLimit(limit)}`, style: toneStyle('warn') }));
}

function trouble({ slot, state, restarts, restartInMs, cause }: SlotTrouble): Cell {
  const after = restarts > 0 ? ` after ${plural(restarts, 'restart')}` : '';
  const next = restartInMs === null ? '' : `, next restart in ${age(restartInMs)}`;
  return {
    text: `slot ${slot} ${state}${after}${next}${cause === undefined ? '' : `: ${cause}`}`,
    style: state === 'errored' ? stateStyle(state) : toneStyle('warn'),
  };
}
