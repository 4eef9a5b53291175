import { plural } from '../../lifecycle/wording.ts';
import type { AppSnapshot, WorkerHealth, WorkerSnapshot } from '../../protocol/snapshot.ts';
import { unservedText } from './list-view.ts';
import { renderColumns, type Column, type TableOptions } from './columns.ts';
import { duration, localTime, millis } from './format.ts';
import { plain, stateColor, toneColor } from './style.ts';

interface Row extends WorkerHealth, Pick<WorkerSnapshot, 'weight' | 'withdrawn'> {}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'slot', value: ({ slot }) => String(slot), align: 'right' },
  { title: 'pid', value: ({ pid }) => String(pid), align: 'right' },
  { title: 'state', value: ({ state }) => state, color: ({ state }) => stateColor(state) },
  { title: 'checks', value: ({ checks }) => (checks.passed + checks.failed === 0 ? '-' : `${checks.passed} ok, ${checks.failed} failed`) },
  {
    title: 'last check',
    value: ({ last }) => (last === null ? '-' : (last.reason ?? [`ok in ${millis(last.tookMs)}`, last.note ?? []].flat().join(', '))),
    color: ({ last }) => (last?.ok === false || last?.note !== undefined ? toneColor('warn') : null),
  },
  { title: 'ejections', value: ({ ejections }) => String(ejections), align: 'right', color: ({ ejections }) => (ejections > 0 ? toneColor('warn') : null) },
  { title: 'out of rotation', value: (worker) => whyOut(worker) },
];

/** `lb health`: a verdict, one line per worker, and the last failures. */
export function healthView(app: AppSnapshot, { width, style = plain }: TableOptions): string {
  const workers = app.health.map((health) => rowOf(health, app.workers)).sort((a, b) => a.slot - b.slot || a.pid - b.pid);
  const healthy = isHealthy(app);
  const verdict = healthy ? style(toneColor('good'), 'healthy') : style(toneColor('bad'), 'not healthy');
  const needed = app.spec.readyMin > 1 ? `, ${app.spec.readyMin} needed` : '';
  const lines = [`${style('bold', app.name)}  ${verdict}  ${app.healthy} of ${plural(app.instances, 'worker')} ready${needed}`];
  if (app.unserved.length > 0) lines.push(style(toneColor('bad'), unservedText(app)));
  if (app.panic) lines.push(style(toneColor('warn'), 'fewer than half of the workers are healthy; connections go to all of them'));
  if (workers.length > 0) lines.push(...renderColumns(workers, COLUMNS, { width, style }).map((line) => line.trimEnd()));
  const failures = workers.flatMap(({ slot, pid, lastFailures }) =>
    lastFailures.map(({ at, reason }) => ({ at, text: `slot ${slot} (pid ${pid}): ${reason}` })),
  );
  if (failures.length > 0) {
    lines.push('', style('bold', 'last failed checks'), ...failures.sort((a, b) => a.at - b.at).map(({ at, text }) => `  ${localTime(at)}  ${text}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Whether the app should get traffic; the same rule as `/ready` of its `health_port`. */
export function isHealthy({ healthy, unserved, state, spec }: AppSnapshot): boolean {
  return healthy >= spec.readyMin && unserved.length === 0 && state !== 'stopping';
}

function rowOf(health: WorkerHealth, workers: readonly WorkerSnapshot[]): Row {
  const { weight = 1, withdrawn = null } = workers.find(({ pid }) => pid === health.pid) ?? {};
  return { ...health, weight, withdrawn };
}

function whyOut({ causes, sinceMs, state, weight, withdrawn }: Row): string {
  if (causes.length === 0) return withdrawn !== null ? `reported drain: ${withdrawn}` : weight === 0 ? 'weight 0' : '';
  const since = sinceMs === null ? '' : `, for ${duration(sinceMs)}`;
  return `${causes.join('; ')}${since}${state === 'ejected' ? '' : ' (still serving)'}`;
}
