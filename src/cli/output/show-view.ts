import { describeAcceptance } from '../../lifecycle/acceptor.ts';
import { describeExit, describeStopReason, type ExitReport } from '../../lifecycle/exit-report.ts';
import { definedHeapLimit, heapWarning } from '../../lifecycle/heap-limit.ts';
import { RECYCLE_REASONS } from '../../lifecycle/recycle-limits.ts';
import { describeReplacement } from '../../lifecycle/replacement.ts';
import { byteSize, plural } from '../../lifecycle/wording.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { Column, TableOptions } from './columns.ts';
import { definitionFacts, type Fact } from './definition-facts.ts';
import { outputLines } from './error-view.ts';
import { count, duration, localTime, percent } from './format.ts';
import { limitsText } from './limits-view.ts';
import { appNotes } from './list-view.ts';
import { plain, stateColor, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { RECYCLED, TRAFFIC_COLUMNS, WORKER_COLUMNS } from './worker-columns.ts';

const INDENT = '  ';

/** The output of `lb show`. */
export function showView(app: AppSnapshot, { width, style = plain }: TableOptions): string {
  const ready = `${app.ready} of ${plural(app.instances, 'worker')} ready`;
  const inner = { width: width === null ? null : width - INDENT.length, style };
  const sections = [
    [
      `${style('bold', app.name)}  ${style(stateColor(app.state), app.state)}  ${ready}`,
      ...appNotes(app).map((note) => INDENT + note),
      ...heapNotes(app, style),
    ],
    section('now', facts(nowFacts(app), style), style),
    section('workers', workerTable(app, (app.recycles ?? 0) > 0 ? [...WORKER_COLUMNS, RECYCLED] : WORKER_COLUMNS, inner), style),
    section('traffic', workerTable(app, TRAFFIC_COLUMNS, inner), style),
    section('definition', facts(definitionFacts(app.spec), style), style),
    section(
      'last exits',
      app.lastExits.flatMap((report) => exitLines(app.name, report, style)),
      style,
    ),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heapNotes({ spec, workers }: AppSnapshot, style: Style): string[] {
  const warning = heapWarning(spec, definedHeapLimit(spec) ?? workers.find(({ heapLimitBytes }) => heapLimitBytes !== null)?.heapLimitBytes ?? null);
  return warning === null ? [] : [`${INDENT}${style('yellow', 'warning:')} ${warning}`];
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : [style('bold', title), ...lines.map((line) => INDENT + line)];
}

function facts(list: readonly Fact[], style: Style): string[] {
  const width = Math.max(...list.map(([label]) => label.length));
  return list.map(([label, value]) => `${style('dim', label.padEnd(width))}  ${value}`);
}

function workerTable(app: AppSnapshot, columns: readonly Column<WorkerSnapshot>[], options: TableOptions): string[] {
  const workers = [...app.workers].sort((a, b) => a.slot - b.slot || a.generation - b.generation);
  return workers.length === 0 ? [] : renderTable(workers, columns, options);
}

function nowFacts(app: AppSnapshot): Fact[] {
  const always: Fact[] = [['listeners', app.listeners.join(', ') || 'none']];
  if (app.primaryPid === null) return always;
  return [
    ...always,
    ['uptime', app.uptimeMs === null ? '-' : duration(app.uptimeMs)],
    ['restarts', count(app.restarts)],
    ...recycleFacts(app),
    ['generation', generationText(app)],
    ['primary', `pid ${app.primaryPid}, node ${app.node}`],
    ['load', `cpu ${percent(app.cpuPercent)}, memory ${byteSize(app.memoryBytes)}`],
    ['traffic', `${count(app.requestsPerSecond)} req/s, ${app.p95Ms === null ? '' : `p95 ${duration(app.p95Ms)}, `}${plural(app.connections, 'connection')}`],
    ...(app.accept === undefined ? [] : [['accepted', describeAcceptance(app.accept)] as const]),
    ...scaleFacts(app),
    ...proxyFacts(app),
    ...(app.replacement === undefined ? [] : [['replaced', describeReplacement(app.replacement)] as const]),
    ...(app.limits === undefined ? [] : [['limits', limitsText(app.limits)] as const]),
    [
      'sockets',
      app.socketsKept
        ? 'kept by the daemon too; if the primary dies, no connection is refused'
        : 'held by the primary alone; if it dies, connections are refused until the next one listens',
    ],
  ];
}

/** What became of the files of an older generation stands at the top. */
function generationText({ generation, generations }: AppSnapshot): string {
  const files = generations.find((one) => one.generation === generation)?.files ?? 'same';
  return `${generation}${files === 'changed' ? ', whose files have changed on disk since' : files === 'moved' ? ', whose path leads to other files now' : ''}`;
}

function recycleFacts({ recycles = 0, totals }: AppSnapshot): Fact[] {
  if (recycles === 0) return [];
  const reasons = RECYCLE_REASONS.flatMap((reason) => {
    const times = totals.recycles?.[reason] ?? 0;
    return times === 0 ? [] : [`${count(times)} ${describeStopReason(reason)}`];
  });
  return [['recycled', `${count(recycles)} (since the app was defined: ${reasons.join(', ')})`]];
}

function scaleFacts({ autoscaling }: AppSnapshot): Fact[] {
  if (autoscaling === null || autoscaling.last === null) return [];
  return [['last scaled', `${localTime(autoscaling.last.at)}, ${autoscaling.last.reason}`]];
}

function proxyFacts({ proxyRejections }: AppSnapshot): Fact[] {
  const some = Object.entries(proxyRejections).filter(([, n]) => n > 0);
  return some.length === 0 ? [] : [['closed', `because of their PROXY header: ${some.map(([reason, n]) => `${n} ${reason}`).join(', ')}`]];
}

function exitLines(app: string, report: ExitReport, style: Style): string[] {
  const why = report.stopReason === null ? `was ${report.stateBefore}` : describeStopReason(report.stopReason);
  const head = `${localTime(report.at)}  ${app}[${report.slot}] pid ${report.pid}: ${describeExit(report)} after ${duration(report.uptimeMs)} (${why})`;
  return [head, ...outputLines(report.stack, style), ...outputLines(report.lastStderr, style)];
}
