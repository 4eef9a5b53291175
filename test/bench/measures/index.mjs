import { badVersion } from './bad-version.mjs';
import { behindNginx } from './behind-nginx.mjs';
import { blockedWorker } from './blocked-worker.mjs';
import { daemonCpu } from './daemon-cpu.mjs';
import { directReload } from './direct-reload.mjs';
import { directKeepAlive, storm } from './direct.mjs';
import { drainIdle } from './drain-idle.mjs';
import { faults } from './faults.mjs';
import { historyMemory } from './history-memory.mjs';
import { hungWorker } from './hung-worker.mjs';
import { idle } from './idle.mjs';
import { idleReload } from './idle-reload.mjs';
import { kills } from './kills.mjs';
import { listMany } from './list-many.mjs';
import { list } from './list.mjs';
import { logs } from './logs.mjs';
import { metricsHeap } from './metrics-heap.mjs';
import { migration } from './migration.mjs';
import { monitorFrame } from './monitor-frame.mjs';
import { output } from './output.mjs';
import { pick } from './pick.mjs';
import { plainMemory, plainRequestCpu, plainStartup, plainThroughput } from './plain-worker.mjs';
import { recovery } from './recovery.mjs';
import { plainReloads, reloads } from './reloads.mjs';
import { runStartup } from './run-startup.mjs';
import { scrape } from './scrape.mjs';
import { smallApps } from './small-apps.mjs';
import { spread } from './spread.mjs';
import { strategies } from './strategies.mjs';
import { supervisorMemory } from './supervisor-memory.mjs';
import { connections, keepAlive } from './throughput.mjs';
import { workerMemory } from './worker-memory.mjs';
import { workerStartup } from './worker-startup.mjs';

/**
 * One line of the result.
 * @typedef {{ measure: string, target: string, lb: string, nodeCluster: string, pm2: string, result: string, met: boolean | null, ifMissed?: string, details?: { header: string[], lines: string[][] }, headline?: import('../report/headline.mjs').Headline, how: string }} Row
 * `met` is null where there is no target, or what it refers to is left out; `ifMissed` is the known reason for a figure
 * that misses it; `details` is a table of all that was measured side by side; `headline`, for the few rows that stand at the top of the page.
 * @typedef {{ id: string, run(context: import('../context.mjs').Context): Promise<Row[]> }} Measure
 * @typedef {{ id: string, page: string, run(context: import('../context.mjs').Context): Promise<string> }} PageMeasure
 * Its result is a text that stands on a page of its own, between markers.
 */

/** In the order of the table. @type {readonly Measure[]} */
export const MEASURES = [
  keepAlive,
  connections,
  strategies,
  pick,
  storm,
  behindNginx,
  spread,
  directKeepAlive,
  directReload,
  reloads,
  plainReloads,
  idleReload,
  badVersion,
  migration,
  kills,
  blockedWorker,
  hungWorker,
  list,
  listMany,
  logs,
  monitorFrame,
  daemonCpu,
  historyMemory,
  scrape,
  metricsHeap,
  workerMemory,
  workerStartup,
  runStartup,
  plainStartup,
  plainMemory,
  plainThroughput,
  plainRequestCpu,
  supervisorMemory,
  smallApps,
  idle,
  recovery,
  output,
];

/** @type {readonly PageMeasure[]} */
export const PAGE_MEASURES = [...faults, drainIdle];
