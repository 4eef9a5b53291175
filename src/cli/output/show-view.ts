import { formatBytes, formatDuration } from '../../config/units.ts';
import { describeExit, type ExitReport } from '../../lifecycle/exit-report.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { Column, TableOptions } from './columns.ts';
import { outputLines } from './error-view.ts';
import { count, duration, localTime, percent, plural, size } from './format.ts';
import { appNotes, stateColor } from './list-view.ts';
import { plain, type Style } from './style.ts';
import { renderTable } from './table.ts';
import { TRAFFIC_COLUMNS, WORKER_COLUMNS } from './worker-columns.ts';

const INDENT = '  ';

type Fact = readonly [label: string, value: string];

/** Everything `lb show` tells about one app. */
export function showView(app: AppSnapshot, { width, style = plain }: TableOptions): string {
  const ready = `${app.ready} of ${plural(app.instances, 'worker')} ready`;
  const inner = { width: width === null ? null : width - INDENT.length, style };
  const sections = [
    [`${style('bold', app.name)}  ${style(stateColor(app.state), app.state)}  ${ready}`, ...appNotes(app).map((note) => INDENT + note)],
    section('now', facts(nowFacts(app), style), style),
    section('workers', workerTable(app, WORKER_COLUMNS, inner), style),
    section('traffic', workerTable(app, TRAFFIC_COLUMNS, inner), style),
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
    ['generation', String(app.generation)],
    ['primary', `pid ${app.primaryPid}, node ${app.node}`],
    ['load', `cpu ${percent(app.cpuPercent)}, memory ${size(app.memoryBytes)}`],
    ['traffic', `${count(app.requestsPerSecond)} req/s, ${app.p95Ms === null ? '' : `p95 ${duration(app.p95Ms)}, `}${plural(app.connections, 'connection')}`],
    ...scaleFacts(app),
    ...proxyFacts(app),
    ['sockets', app.socketsKept ? 'kept by the daemon too: the death of the primary refuses nobody' : 'held by the primary alone: its death refuses connections until it is back'],
  ];
}

function scaleFacts({ autoscaling }: AppSnapshot): Fact[] {
  if (autoscaling === null || autoscaling.last === null) return [];
  return [['last scaled', `${localTime(autoscaling.last.at)}, ${autoscaling.last.reason}`]];
}

function proxyFacts({ proxyRejections }: AppSnapshot): Fact[] {
  const some = Object.entries(proxyRejections).filter(([, n]) => n > 0);
  return some.length === 0 ? [] : [['closed', `for their PROXY header: ${some.map(([reason, n]) => `${n} ${reason}`).join(', ')}`]];
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
    ...optional('scale', scaleText(spec.scale)),
    ['wait_ready', spec.waitReady ? 'yes' : 'no'],
    ['listen_timeout', formatDuration(spec.listenTimeoutMs)],
    ['kill_timeout', formatDuration(spec.killTimeoutMs)],
    ...optional('drain_delay', spec.drainDelayMs === 0 ? '' : formatDuration(spec.drainDelayMs)),
    ['balance', balanceText(spec)],
    ...optional('max_conns', spec.maxConns === null ? '' : `${spec.maxConns} per worker`),
    ...optional('slow_start', spec.slowStartMs === 0 ? '' : formatDuration(spec.slowStartMs)),
    ...optional('backup', spec.backup.length === 0 ? '' : `slot ${spec.backup.join(', ')}`),
    ...optional('proxy_protocol', proxyText(spec.proxyProtocol)),
    ['health', healthText(spec.health)],
    ['hang_timeout', spec.hangTimeoutMs === null ? 'off' : formatDuration(spec.hangTimeoutMs)],
    ...optional('health_port', spec.healthPort === null ? '' : `${spec.healthPort.host ?? '*'}:${spec.healthPort.port}, ready from ${plural(spec.readyMin, 'worker')} on`),
    ...optional('max_requests', spec.maxRequests === null ? '' : String(spec.maxRequests)),
    ...optional('max_lifetime', spec.maxLifetimeMs === null ? '' : formatDuration(spec.maxLifetimeMs)),
    ...optional('max_memory_kill', spec.maxMemoryKillBytes === null ? '' : formatBytes(spec.maxMemoryKillBytes)),
    ['max_memory_restart', spec.maxMemoryBytes === null ? 'off' : formatBytes(spec.maxMemoryBytes)],
    ['autorestart', spec.autorestart ? `yes, at most ${spec.maxRestarts} unstable restarts in a row` : 'no'],
    ['out_file', spec.outFile ?? 'none'],
    ['error_file', spec.errorFile ?? 'none'],
    ['environment', `${plural(spec.envNames.length, 'variable')}, slot number in ${spec.instanceVar}`],
  ];
}

function balanceText({ balance, weights }: AppSnapshot['spec']): string {
  return weights.length === 0 ? balance : `${balance}, weights ${weights.join(', ')}`;
}

function scaleText(scale: AppSnapshot['spec']['scale']): string {
  if (scale === null) return '';
  const { min, max, target, upCooldownMs, downCooldownMs, on } = scale;
  const how = `${min} to ${plural(max, 'worker')}, ${target.metric} ${target.value}, up after ${formatDuration(upCooldownMs)}, down after ${formatDuration(downCooldownMs)}`;
  return on ? how : `off by hand (${how})`;
}

function proxyText(proxy: AppSnapshot['spec']['proxyProtocol']): string {
  if (proxy === null) return '';
  return `on ${proxy.ports === null ? 'every port' : `port ${proxy.ports.join(', ')}`}, from ${proxy.from === null ? 'everybody' : proxy.from.join(', ')}`;
}

function healthText(health: AppSnapshot['spec']['health']): string {
  if (health === null) return 'no active check';
  return `${health.path ?? 'connect'} every ${formatDuration(health.intervalMs)}, fall ${health.fall}, rise ${health.rise}, timeout ${formatDuration(health.timeoutMs)}`;
}

function exitLines(app: string, report: ExitReport, style: Style): string[] {
  const why = report.askedBy === null ? `was ${report.stateBefore}` : `asked by ${report.askedBy}`;
  const head = `${localTime(report.at)}  ${app}[${report.slot}] pid ${report.pid}: ${describeExit(report)} after ${duration(report.uptimeMs)}, ${why}`;
  return [head, ...outputLines(report.stack, style), ...outputLines(report.lastStderr, style)];
}
