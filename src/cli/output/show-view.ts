import { formatBytes, formatDuration } from '../../config/units.ts';
import { describeExit, type ExitReport } from '../../lifecycle/exit-report.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { Column, TableOptions } from './columns.ts';
import { outputLines } from './error-view.ts';
import { age, count, duration, localTime, percent, plural, size } from './format.ts';
import { appNotes, stateColor } from './list-view.ts';
import { plain, type Style } from './style.ts';
import { renderTable } from './table.ts';

const WORKERS: readonly Column<WorkerSnapshot>[] = [
  { title: 'slot', value: (worker) => String(worker.slot), align: 'right' },
  { title: 'state', value: (worker) => worker.state, color: (worker) => (worker.state === 'ready' ? 'green' : 'yellow') },
  { title: 'pid', value: (worker) => String(worker.pid), align: 'right' },
  { title: 'gen', value: (worker) => String(worker.generation), align: 'right' },
  { title: 'uptime', value: (worker) => age(worker.uptimeMs), align: 'right' },
  { title: 'restarts', value: (worker) => count(worker.restarts), align: 'right' },
  { title: 'cpu', value: (worker) => percent(worker.cpuPercent), align: 'right' },
  { title: 'memory', value: (worker) => size(worker.memoryBytes), align: 'right' },
  { title: 'conns', value: (worker) => count(worker.connections), align: 'right' },
  { title: 'busy', value: (worker) => count(worker.requestsInFlight), align: 'right' },
  { title: 'req/s', value: (worker) => count(worker.requestsPerSecond), align: 'right' },
  { title: 'loop', value: (worker) => percent(worker.eventLoopUtilization * 100), align: 'right' },
];

const INDENT = '  ';

type Fact = readonly [label: string, value: string];

/** Everything `lb show` tells about one app. */
export function showView(app: AppSnapshot, { width, style = plain }: TableOptions): string {
  const ready = `${app.ready} of ${plural(app.instances, 'worker')} ready`;
  const sections = [
    [`${style('bold', app.name)}  ${style(stateColor(app.state), app.state)}  ${ready}`, ...appNotes(app).map((note) => INDENT + note)],
    section('now', facts(nowFacts(app), style), style),
    section('workers', workerTable(app, { width: width === null ? null : width - INDENT.length, style }), style),
    section('definition', facts(definitionFacts(app), style), style),
    section('last exits', app.lastExits.flatMap((report) => exitLines(app.name, report, style)), style),
  ];
  return `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : [style('bold', title), ...lines.map((line) => INDENT + line)];
}

function facts(list: readonly Fact[], style: Style): string[] {
  const width = Math.max(...list.map(([label]) => label.length));
  return list.map(([label, value]) => `${style('dim', label.padEnd(width))}  ${value}`);
}

function workerTable(app: AppSnapshot, options: TableOptions): string[] {
  const workers = [...app.workers].sort((a, b) => a.slot - b.slot || a.generation - b.generation);
  return workers.length === 0 ? [] : renderTable(workers, WORKERS, options);
}

function nowFacts(app: AppSnapshot): Fact[] {
  const always: Fact[] = [['listeners', app.listeners.join(', ') || 'none']];
  if (app.primaryPid === null) return always;
  return [
    ...always,
    ['uptime', app.uptimeMs === null ? '-' : duration(app.uptimeMs)],
    ['restarts', count(app.restarts)],
    ['generation', String(app.generation)],
    ['primary', `pid ${app.primaryPid}, node ${app.node}`],
    ['load', `cpu ${percent(app.cpuPercent)}, memory ${size(app.memoryBytes)}`],
    ['traffic', `${count(app.requestsPerSecond)} req/s, ${app.p95Ms === null ? '' : `p95 ${duration(app.p95Ms)}, `}${plural(app.connections, 'connection')}`],
    ['sockets', app.socketsKept ? 'kept by the daemon too: the death of the primary refuses nobody' : 'held by the primary alone: its death refuses connections until it is back'],
  ];
}

function definitionFacts({ spec }: AppSnapshot): Fact[] {
  const optional = (label: string, value: string): Fact[] => (value === '' ? [] : [[label, value]]);
  return [
    ['script', spec.script],
    ...optional('args', spec.args.join(' ')),
    ['cwd', spec.cwd],
    ['interpreter', spec.interpreter],
    ...optional('node_args', spec.nodeArgs.join(' ')),
    ['instances', String(spec.instances)],
    ['wait_ready', spec.waitReady ? 'yes' : 'no'],
    ['listen_timeout', formatDuration(spec.listenTimeoutMs)],
    ['kill_timeout', formatDuration(spec.killTimeoutMs)],
    ['max_memory_restart', spec.maxMemoryBytes === null ? 'off' : formatBytes(spec.maxMemoryBytes)],
    ['autorestart', spec.autorestart ? `yes, at most ${spec.maxRestarts} unstable restarts in a row` : 'no'],
    ['out_file', spec.outFile ?? 'none'],
    ['error_file', spec.errorFile ?? 'none'],
    ['environment', `${plural(spec.envNames.length, 'variable')}, slot number in ${spec.instanceVar}`],
  ];
}

function exitLines(app: string, report: ExitReport, style: Style): string[] {
  const why = report.askedBy === null ? `was ${report.stateBefore}` : `asked by ${report.askedBy}`;
  const head = `${localTime(report.at)}  ${app}[${report.slot}] pid ${report.pid}: ${describeExit(report)} after ${duration(report.uptimeMs)}, ${why}`;
  return [head, ...outputLines(report.lastStderr, style)];
}
