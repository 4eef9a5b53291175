import type { DrainBlockers } from '../lifecycle/drain-blockers.ts';
import { number, object } from './parser.ts';
import type { LoopDelaySummary } from './worker.ts';

/** Part of what a worker reports and of what `lb list` shows, and so of the preload: it must stay small. */

export const drainBlockers = object<DrainBlockers>({ requests: number(), oldestMs: number(), connections: number(), websockets: number(), sockets: number() });

export const loopDelay = object<LoopDelaySummary>({ p50Ms: number(), p99Ms: number(), maxMs: number() });
