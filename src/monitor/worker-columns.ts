import { toneOf, type Tone } from '../lifecycle/states.ts';
import { byteSize } from '../lifecycle/wording.ts';
import type { AppSnapshot, WorkerHealth, WorkerSnapshot } from '../protocol/snapshot.ts';
import { scaleOf, sparkline } from '../terminal/chart.ts';
import { STYLE } from '../terminal/style.ts';
import { age, count, millis, percent, share } from './format.ts';
import { series, type Sample } from './history.ts';
import type { Measure } from './measures.ts';
import type { Cell, Column } from './table.ts';
import { stateStyle, toneStyle } from './tones.ts';

/** An event loop this busy or this late is highlighted. */
const BUSY_LOOP = 0.9;
const LATE_LOOP_MS = 100;
const TREND_WIDEST = 60;

const orLeast = (value: number | null): number => value ?? -1;

const FIGURES: readonly Column<WorkerSnapshot>[] = [
  {
    title: 'slot',
    width: 5,
    align: 'right',
    rank: 0,
    sortBy: (worker) => String(worker.slot).padStart(6, '0'),
    cell: (worker) => ({ text: String(worker.slot), style: STYLE.bold }),
  },
  { title: 'pid', width: 7, align: 'right', rank: 0, cell: (worker) => ({ text: String(worker.pid) }) },
  { title: 'gen', width: 3, align: 'right', rank: 8, cell: (worker) => ({ text: count(worker.generation) }) },
  { title: 'state', width: 8, rank: 0, sortBy: (worker) => worker.state, cell: (worker) => ({ text: worker.state, style: stateStyle(worker.state) }) },
  { title: 'up', width: 4, align: 'right', rank: 3, sortBy: (worker) => worker.uptimeMs, cell: (worker) => ({ text: age(worker.uptimeMs) }) },
  { title: 'cpu', width: 4, align: 'right', rank: 0, sortBy: (worker) => orLeast(worker.cpuPercent), cell: (worker) => ({ text: percent(worker.cpuPercent) }) },
  {
    title: 'mem',
    width: 5,
    align: 'right',
    rank: 0,
    sortBy: (worker) => orLeast(worker.memoryBytes),
    cell: (worker) => ({ text: byteSize(worker.memoryBytes) }),
  },
  {
    title: 'loop',
    width: 4,
    align: 'right',
    rank: 2,
    sortBy: (worker) => worker.eventLoopUtilization,
    cell: ({ eventLoopUtilization }) => ({
      text: share(eventLoopUtilization),
      style: eventLoopUtilization > BUSY_LOOP ? STYLE.yellow | STYLE.bold : STYLE.plain,
    }),
  },
  {
    title: 'delay',
    width: 5,
    align: 'right',
    rank: 4,
    sortBy: (worker) => worker.eventLoopDelayMs,
    cell: ({ eventLoopDelayMs }) => ({ text: millis(eventLoopDelayMs), style: eventLoopDelayMs > LATE_LOOP_MS ? STYLE.yellow | STYLE.bold : STYLE.plain }),
  },
  { title: 'conns', width: 5, align: 'right', rank: 0, sortBy: (worker) => worker.connections, cell: (worker) => ({ text: count(worker.connections) }) },
  {
    title: 'req/s',
    width: 5,
    align: 'right',
    rank: 0,
    sortBy: (worker) => worker.requestsPerSecond,
    cell: (worker) => ({ text: count(worker.requestsPerSecond) }),
  },
  { title: 'p95', width: 5, align: 'right', rank: 1, sortBy: (worker) => orLeast(worker.p95Ms), cell: (worker) => ({ text: millis(worker.p95Ms) }) },
  { title: 'wgt', width: 3, align: 'right', rank: 6, cell: ({ weight }) => ({ text: count(weight), style: weight === 0 ? STYLE.yellow : STYLE.plain }) },
];

/** A worker's health in one word. */
const HEALTH_TONES = { out: toneOf('ejected'), drain: 'warn', sick: 'warn', failing: 'warn', ok: 'good', '-': 'idle' } as const satisfies Record<string, Tone>;

function healthWord(worker: WorkerSnapshot, health: WorkerHealth | undefined): keyof typeof HEALTH_TONES {
  if (worker.state === 'ejected') return 'out';
  if (worker.withdrawn !== null) return 'drain';
  if (health === undefined) return '-';
  if (health.causes.length > 0) return 'sick';
  return health.last?.ok === false ? 'failing' : 'ok';
}

function healthCell(worker: WorkerSnapshot, health: WorkerHealth | undefined): Cell {
  const text = healthWord(worker, health);
  return { text, style: toneStyle(HEALTH_TONES[text]) };
}

/** The columns of an app's workers. The trend charts the chosen measure, all workers on one scale. */
export function workerColumns(app: AppSnapshot, history: readonly Sample[], measure: Measure): readonly Column<WorkerSnapshot>[] {
  const health = new Map(app.health.map((each) => [each.pid, each]));
  const values = (slot: number, columns: number): (number | null)[] => series(history, { app: app.name, slot, measure, columns });
  let top: number | null = null;
  const trend = ({ slot }: WorkerSnapshot, columns: number): Cell => {
    top ??= scaleOf(
      app.workers.flatMap((worker) => values(worker.slot, columns)),
      measure.leastScale,
    );
    return { text: sparkline(values(slot, columns), top), style: STYLE.cyan };
  };
  return [
    ...FIGURES,
    { title: 'health', width: 7, rank: 5, cell: (worker) => healthCell(worker, health.get(worker.pid)) },
    {
      title: 'handoff',
      width: 7,
      align: 'right',
      rank: 7,
      sortBy: (worker) => orLeast(worker.handOffMs),
      cell: (worker) => ({ text: millis(worker.handOffMs) }),
    },
    { title: `${measure.title} 5m`, width: 8, widest: TREND_WIDEST, rank: 9, cell: (worker, width) => trend(worker, width) },
  ];
}
