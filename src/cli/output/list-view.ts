import { shellWord } from '../../errors/lb-error.ts';
import { describeBlockers } from '../../lifecycle/describe-blockers.ts';
import { isShuttingDown } from '../../lifecycle/states.ts';
import { byteSize, describeLowLimit, plural } from '../../lifecycle/wording.ts';
import type { ListedApp } from '../../protocol/listed-app.ts';
import type { AppWithWorkers } from '../../protocol/parse-listed-app.ts';
import type { AutoscalingSnapshot, SlotTrouble, WorkerSnapshot } from '../../protocol/snapshot.ts';
import { renderColumns, type Column, type TableOptions } from './columns.ts';
import { age, count, duration, localTime, percent } from './format.ts';
import { plain, stateColor } from './style.ts';
import { LIST_WORKER_COLUMNS } from './worker-columns.ts';

const LISTENERS_FROM_COLUMNS = 110;
const NODE_AND_RECYCLED_FROM_COLUMNS = 90;

const RECYCLED: Column<ListedApp> = { title: 'recycled', value: ({ recycles = 0 }) => count(recycles), align: 'right' };

const NODE: Column<ListedApp> = { title: 'node', value: (app) => app.node || '-', align: 'right' };

const NAMESPACE: Column<ListedApp> = { title: 'namespace', value: ({ namespace = 'default' }) => namespace };

const HEAD: readonly Column<ListedApp>[] = [
  { title: 'name', value: (app) => app.name, color: () => 'bold', shrinksTo: 6 },
  { title: 'id', value: ({ ids = [] }) => idRanges(ids), align: 'right' },
  { title: 'state', value: (app) => app.state, color: (app) => stateColor(app.state) },
  { title: 'ready', value: (app) => `${app.ready}/${app.instances}`, align: 'right', color: (app) => (isShort(app) ? 'yellow' : null) },
];

const AGE: readonly Column<ListedApp>[] = [
  { title: 'uptime', value: (app) => (app.uptimeMs === null ? '-' : age(app.uptimeMs)), align: 'right' },
  { title: 'restarts', value: (app) => count(app.restarts), align: 'right', color: (app) => (app.restarts > 0 ? 'yellow' : null) },
];

const FIGURES: readonly Column<ListedApp>[] = [
  { title: 'cpu', value: (app) => percent(app.cpuPercent), align: 'right' },
  { title: 'memory', value: (app) => byteSize(app.memoryBytes), align: 'right' },
  { title: 'conns', value: (app) => count(app.connections), align: 'right' },
  { title: 'req/s', value: (app) => count(app.requestsPerSecond), align: 'right' },
];

const LISTENERS: Column<ListedApp> = { title: 'listeners', value: (app) => app.listeners.join(' ') || '-' };

const isShort = (app: ListedApp): boolean => app.state !== 'stopped' && app.state !== 'waiting' && app.ready < app.instances;

/** The table of `lb list`, with the current activity below each app. */
export function listView(apps: readonly ListedApp[], options: TableOptions): string {
  const { width, style = plain } = options;
  const recycled = apps.some(({ recycles = 0 }) => recycles > 0) ? [RECYCLED] : [];
  const listeners = width !== null && width >= LISTENERS_FROM_COLUMNS ? [LISTENERS] : [];
  const node = recycled.length > 0 && width !== null && width < NODE_AND_RECYCLED_FROM_COLUMNS ? [] : [NODE];
  const [name, ...others] = HEAD;
  const namespaces = apps.some(({ namespace }) => namespace !== undefined) ? [NAMESPACE] : [];
  const columns = [...(name === undefined ? [] : [name]), ...namespaces, ...others, ...node, ...AGE, ...recycled, ...FIGURES, ...listeners];
  const [head, ...lines] = renderColumns(apps, columns, { width, style });
  const body = apps.flatMap((app, index) => [lines[index] ?? '', ...appNotes(app).map((note) => style('dim', `  ${note}`))]);
  return [head ?? '', ...body].map((line) => `${line}\n`).join('');
}

/** The table of `lb list --workers`: one row per worker of all apps. */
export function workerListView(apps: readonly AppWithWorkers[], { width, style = plain }: TableOptions): string {
  const rows = apps.flatMap(({ name, workers, ids }) =>
    [...workers]
      .sort((a, b) => a.slot - b.slot || a.generation - b.generation)
      .map((worker): ListedWorker => ({ ...worker, app: name, id: ids?.[worker.slot] ?? null })),
  );
  const notes = apps.flatMap((app) => appNotes(app).map((note) => style('dim', `${app.name}: ${note}`)));
  return [...renderColumns(rows, [APP, ID, ...LIST_WORKER_COLUMNS], { width, style }), ...notes].map((line) => `${line}\n`).join('');
}

interface ListedWorker extends WorkerSnapshot {
  readonly app: string;
  readonly id: number | null;
}

const APP: Column<ListedWorker> = { title: 'app', value: (worker) => worker.app, color: () => 'bold', shrinksTo: 6 };

const ID: Column<ListedWorker> = { title: 'id', value: ({ id }) => (id === null ? '-' : String(id)), align: 'right' };

/** `0-3,7`. */
export function idRanges(ids: readonly number[]): string {
  const starts = ids.filter((id, index) => index === 0 || id !== (ids[index - 1] ?? id) + 1);
  const ranges = starts.map((start, index) => {
    const next = index + 1 < starts.length ? ids.indexOf(starts[index + 1] ?? start) : ids.length;
    const end = ids[next - 1] ?? start;
    return end === start ? String(start) : `${start}-${end}`;
  });
  return ranges.join(',') || '-';
}

/** Facts without a column: the running operation, what blocks a drain, slots without a worker, why the app is errored. */
export function appNotes(app: ListedApp): string[] {
  const draining = app.workers.filter((worker) => isShuttingDown(worker.state)).map((worker) => leavingText(app.name, worker));
  const notes: string[] = [];
  if (app.operation !== null) {
    notes.push([`${app.operation.kind} for ${duration(app.operation.sinceMs)}`, draining.join('; ')].filter(Boolean).join(': '));
  } else notes.push(...draining);
  if (app.queuedOperations.length > 0) notes.push(`next: ${app.queuedOperations.join(', ')}`);
  if (app.nextTickAt !== undefined) notes.push(`cron_restart: next at ${localTime(app.nextTickAt)}`);
  if (app.autoscaling !== null) notes.push(autoscalingText(app.name, app.autoscaling));
  if (app.queued > 0) notes.push(`${plural(app.queued, 'connection')} wait${app.queued === 1 ? 's' : ''} for a worker`);
  if (app.unserved.length > 0) notes.push(unservedText(app));
  else notes.push(...notListeningText(app));
  if (app.operation === null && app.generationNote !== null) notes.push(app.generationNote);
  if (app.panic) notes.push('fewer than half of the workers are healthy; connections go to all of them');
  notes.push(...app.workers.flatMap((worker) => outText(app, worker)));
  if (app.state !== 'stopped') notes.push(...troublesText(app), ...lowLimitsText(app), ...failureText(app));
  if (app.error !== null) notes.push(`error: ${app.error}`);
  return notes;
}

export function unservedText({ unserved }: Pick<ListedApp, 'unserved'>): string {
  return `no worker listens on ${unserved.join(', ')}, where one did before`;
}

function notListeningText({ listeners, ready, expectedPort, operation }: ListedApp): string[] {
  if (listeners.length > 0 || ready === 0) return [];
  if (operation?.kind === 'start') return ['not listening yet'];
  return expectedPort === null ? [] : [`not listening (${expectedPort})`];
}

/** `2-8 auto, elu 0.41 of 0.6 over 5 s`. */
function autoscalingText(app: string, { on, min, max, now }: AutoscalingSnapshot): string {
  const range = min === max ? String(min) : `${min}-${max}`;
  if (!on) return `autoscaling (${range}) is off: lb scale ${shellWord(app)} auto`;
  return `${range} auto${now === null ? '' : `, ${now}`}`;
}

function leavingText(app: string, worker: ListedApp['workers'][number]): string {
  return `${app}[${worker.slot}] ${worker.state}${worker.blockers === null ? '' : `, ${describeBlockers(worker.blockers)}`}`;
}

/** Why a running worker gets no new connections. */
function outText(app: ListedApp, { slot, pid, state, withdrawn }: ListedApp['workers'][number]): string[] {
  if (state === 'ejected') {
    const causes = app.health.find((health) => health.pid === pid)?.causes ?? [];
    return [`${app.name}[${slot}] ejected${causes.length === 0 ? '' : `: ${causes.join('; ')}`}`];
  }
  return state === 'ready' && withdrawn !== null ? [`${app.name}[${slot}] reported drain: ${withdrawn}`] : [];
}

/** That nothing runs is what an app that waits says by its state. */
function troublesText({ name, state, troubledSlots }: ListedApp): string[] {
  return troubledSlots.filter((slot) => state !== 'waiting' || slot.cause !== undefined).map((slot) => troubleText(name, slot));
}

function troubleText(app: string, slot: SlotTrouble): string {
  const restarts = slot.restarts > 0 ? ` after ${plural(slot.restarts, 'restart')}` : '';
  const next = slot.restartInMs === null ? '' : `, next restart in ${duration(slot.restartInMs)}`;
  return `${app}[${slot.slot}] ${slot.state}${restarts}${next}${slot.cause === undefined ? '' : `: ${slot.cause}`}`;
}

function lowLimitsText({ name, lowLimits = [] }: ListedApp): string[] {
  return lowLimits.map((low) => `${name}[${low.slot}] ${describeLowLimit(low)}`);
}

/** The last failure of a worker, unless its slot is shown anyway. */
function failureText({ name, lastFailure, troubledSlots }: ListedApp): string[] {
  if (lastFailure === undefined || troubledSlots.some(({ slot }) => slot === lastFailure.slot)) return [];
  return [`${name}[${lastFailure.slot}] ended ${age(lastFailure.agoMs)} ago: ${lastFailure.cause}`];
}
