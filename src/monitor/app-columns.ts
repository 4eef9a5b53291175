import { isEnded } from '../lifecycle/states.ts';
import { byteSize } from '../lifecycle/wording.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { scaleOf, sparkline } from '../terminal/chart.ts';
import { STYLE, type CellStyle } from '../terminal/style.ts';
import { count, millis, NONE, percent, share } from './format.ts';
import { series, type Sample } from './history.ts';
import type { Measure } from './measures.ts';
import type { Cell, Column } from './table.ts';
import { stateStyle } from './tones.ts';

/** Shares of 5xx answers from which they are highlighted. */
const SOME_ERRORS = 0.001;
const MANY_ERRORS = 0.05;
const TREND_WIDEST = 60;
const LONGEST_NAME = 32;

export function errorStyle(rate: number | null): CellStyle {
  if (rate === null || rate < SOME_ERRORS) return STYLE.plain;
  return rate < MANY_ERRORS ? STYLE.yellow : STYLE.red | STYLE.bold;
}

/** A stopped app shows no figures instead of zeros. */
const figure =
  (text: (app: AppSnapshot) => string, style?: (app: AppSnapshot) => CellStyle) =>
  (app: AppSnapshot): Cell =>
    isEnded(app.state) ? { text: NONE, style: STYLE.dim } : { text: text(app), style: style?.(app) ?? STYLE.plain };
const orLeast = (value: number | null): number => value ?? -1;

const FIGURES: readonly Column<AppSnapshot>[] = [
  {
    title: 'workers',
    width: 7,
    align: 'right',
    rank: 0,
    sortBy: (app) => app.ready,
    cell: (app) => ({
      text: `${app.ready}/${app.instances}`,
      style: isEnded(app.state) ? STYLE.dim : app.ready < app.instances ? STYLE.yellow | STYLE.bold : STYLE.plain,
    }),
  },
  { title: 'cpu', width: 5, align: 'right', rank: 0, sortBy: (app) => orLeast(app.cpuPercent), cell: figure((app) => percent(app.cpuPercent)) },
  { title: 'mem', width: 5, align: 'right', rank: 0, sortBy: (app) => orLeast(app.memoryBytes), cell: figure((app) => byteSize(app.memoryBytes)) },
  { title: 'req/s', width: 5, align: 'right', rank: 0, sortBy: (app) => app.requestsPerSecond, cell: figure((app) => count(app.requestsPerSecond)) },
  { title: 'p50', width: 5, align: 'right', rank: 8, sortBy: (app) => orLeast(app.p50Ms), cell: figure((app) => millis(app.p50Ms)) },
  { title: 'p95', width: 5, align: 'right', rank: 1, sortBy: (app) => orLeast(app.p95Ms), cell: figure((app) => millis(app.p95Ms)) },
  { title: 'p99', width: 5, align: 'right', rank: 6, sortBy: (app) => orLeast(app.p99Ms), cell: figure((app) => millis(app.p99Ms)) },
  {
    title: '5xx',
    width: 4,
    align: 'right',
    rank: 2,
    sortBy: (app) => orLeast(app.errorRate),
    cell: figure(
      (app) => share(app.errorRate),
      (app) => errorStyle(app.errorRate),
    ),
  },
  { title: 'conns', width: 5, align: 'right', rank: 3, sortBy: (app) => app.connections, cell: figure((app) => count(app.connections)) },
  {
    title: 'rst',
    width: 4,
    align: 'right',
    rank: 4,
    sortBy: (app) => app.restarts,
    cell: (app) => ({ text: count(app.restarts), style: app.restarts > 0 ? STYLE.yellow : STYLE.plain }),
  },
];

/** The columns of the overview. The trend charts the chosen measure, scaled per app. */
export function appColumns(history: readonly Sample[], measure: Measure, longestName: number): readonly Column<AppSnapshot>[] {
  const trend = (app: AppSnapshot, columns: number): Cell => {
    const values = series(history, { app: app.name, slot: null, measure, columns });
    return { text: sparkline(values, scaleOf(values, measure.leastScale)), style: STYLE.cyan };
  };
  return [
    {
      title: ' app',
      width: 10,
      widest: Math.max(10, Math.min(LONGEST_NAME, longestName + 1)),
      rank: 0,
      sortBy: (app) => app.name,
      cell: (app) => ({ text: ` ${app.name}`, style: STYLE.bold }),
    },
    { title: 'state', width: 9, rank: 0, sortBy: (app) => app.state, cell: (app) => ({ text: app.state, style: stateStyle(app.state) }) },
    ...FIGURES,
    { title: `${measure.title} 5m`, width: 8, widest: TREND_WIDEST, rank: 5, cell: (app, width) => trend(app, width) },
  ];
}
