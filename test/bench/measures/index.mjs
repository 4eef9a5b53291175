import { idle } from './idle.mjs';
import { kills } from './kills.mjs';
import { list } from './list.mjs';
import { recovery } from './recovery.mjs';
import { reloads } from './reloads.mjs';
import { supervisorMemory } from './supervisor-memory.mjs';
import { connections, keepAlive } from './throughput.mjs';
import { workerMemory } from './worker-memory.mjs';
import { workerStartup } from './worker-startup.mjs';

/**
 * One line of the result.
 * @typedef {{ measure: string, target: string, lb: string, nodeCluster: string, pm2: string, result: string, met: boolean | null, ifMissed?: string, how: string }} Row
 * `met` is null where there is no target; `ifMissed` is the known reason for a figure that misses it.
 * @typedef {{ id: string, run(context: import('../context.mjs').Context): Promise<Row[]> }} Measure
 */

/** In the order of the table. @type {readonly Measure[]} */
export const MEASURES = [keepAlive, connections, reloads, kills, list, workerMemory, workerStartup, supervisorMemory, idle, recovery];
