import { byteSize } from '../../lifecycle/wording.ts';
import type { WorkerSnapshot } from '../../protocol/snapshot.ts';
import type { Column } from './columns.ts';
import { age, count, millis, percent } from './format.ts';
import { stateColor } from './style.ts';

const SLOT: Column<WorkerSnapshot> = { title: 'slot', value: (worker) => String(worker.slot), align: 'right' };
const STATE: Column<WorkerSnapshot> = { title: 'state', value: (worker) => worker.state, color: (worker) => stateColor(worker.state) };
const PID: Column<WorkerSnapshot> = { title: 'pid', value: (worker) => String(worker.pid), align: 'right' };
const CPU: Column<WorkerSnapshot> = { title: 'cpu', value: (worker) => percent(worker.cpuPercent), align: 'right' };
const MEMORY: Column<WorkerSnapshot> = { title: 'memory', value: (worker) => byteSize(worker.memoryBytes), align: 'right' };

const TRAFFIC: readonly Column<WorkerSnapshot>[] = [
  { title: 'weight', value: (worker) => count(worker.weight), align: 'right', color: (worker) => (worker.weight === 0 ? 'yellow' : null) },
  { title: 'conns', value: (worker) => count(worker.connections), align: 'right' },
  { title: 'busy', value: (worker) => count(worker.requestsInFlight), align: 'right' },
  { title: 'accepted', value: (worker) => count(worker.accepted), align: 'right' },
  { title: 'refused', value: (worker) => count(worker.refused), align: 'right', color: (worker) => (worker.refused > 0 ? 'yellow' : null) },
  { title: 'req/s', value: (worker) => count(worker.requestsPerSecond), align: 'right' },
  { title: 'p95', value: (worker) => millis(worker.p95Ms), align: 'right' },
  { title: 'hand-off', value: (worker) => millis(worker.handOffMs), align: 'right' },
];

/** Process columns of `lb show`. */
export const WORKER_COLUMNS: readonly Column<WorkerSnapshot>[] = [
  SLOT,
  STATE,
  PID,
  { title: 'gen', value: (worker) => String(worker.generation), align: 'right' },
  { title: 'uptime', value: (worker) => age(worker.uptimeMs), align: 'right' },
  { title: 'restarts', value: (worker) => count(worker.restarts), align: 'right' },
  CPU,
  MEMORY,
  { title: 'loop', value: (worker) => percent(worker.eventLoopUtilization * 100), align: 'right' },
];

/** Shown if some worker was recycled. */
export const RECYCLED: Column<WorkerSnapshot> = { title: 'recycled', value: ({ recycles = 0 }) => count(recycles), align: 'right' };

/** Traffic columns of `lb show`. */
export const TRAFFIC_COLUMNS: readonly Column<WorkerSnapshot>[] = [SLOT, ...TRAFFIC];

/** Process and traffic columns of `lb list --workers`. */
export const LIST_WORKER_COLUMNS: readonly Column<WorkerSnapshot>[] = [SLOT, STATE, PID, CPU, MEMORY, ...TRAFFIC];
