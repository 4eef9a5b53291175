import { NO_TOTALS } from '../../src/metrics/totals.ts';
import type { ProgressRecord, ResultRecord } from '../../src/protocol/control.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import type { AppSnapshot, WorkerSnapshot } from '../../src/protocol/snapshot.ts';

const { env: _, ...definition } = sampleSpec();

export function worker(changes: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    slot: 0,
    generation: 1,
    pid: 5001,
    state: 'ready',
    startedAt: 1_790_000_000_000,
    uptimeMs: 3_723_000,
    restarts: 0,
    cpuPercent: 12.4,
    memoryBytes: 65_431_000,
    weight: 1,
    connections: 12,
    accepted: 4_210,
    refused: 0,
    handOffMs: 0.182,
    requestsInFlight: 1,
    requestsPerSecond: 210.4,
    p95Ms: 8.2,
    eventLoopUtilization: 0.113,
    eventLoopDelayMs: 2,
    loopDelay: null,
    heapUsedBytes: 20_000_000,
    heapLimitBytes: 2_000_000_000,
    handles: 14,
    blockers: null,
    withdrawn: null,
    ...changes,
  };
}

export function app(changes: Partial<AppSnapshot> = {}): AppSnapshot {
  return {
    name: 'api',
    state: 'online',
    instances: 2,
    ids: [0, 1],
    ready: 2,
    healthy: 2,
    generation: 1,
    node: '22.11.0',
    primaryPid: 5000,
    startedAt: 1_790_000_000_000,
    uptimeMs: 3_723_000,
    restarts: 0,
    cpuPercent: 24.6,
    memoryBytes: 131_000_000,
    connections: 24,
    queued: 0,
    panic: false,
    proxyRejections: { malformed: 0, timeout: 0, untrusted: 0, closed: 0 },
    requestsPerSecond: 421.7,
    p50Ms: 2.1,
    p95Ms: 8.2,
    p99Ms: 19.5,
    errorRate: 0,
    totals: NO_TOTALS,
    listeners: ['*:3000'],
    unserved: [],
    expectedPort: null,
    generations: [{ generation: 3, slots: [0], files: 'same' }],
    generationNote: null,
    workers: [worker(), worker({ slot: 1, pid: 5002 })],
    health: [],
    troubledSlots: [],
    autoscaling: null,
    operation: null,
    queuedOperations: [],
    lastExits: [],
    error: null,
    socketsKept: true,
    replacement: { way: 'start-first', reason: 'lb holds its listening sockets', listened: true, ownSockets: [] },
    spec: {
      ...definition,
      args: [],
      nodeArgs: [],
      outFile: '/home/me/.lb/logs/api-out.log',
      errorFile: '/home/me/.lb/logs/api-error.log',
      maxMemoryBytes: 300 * 1024 * 1024,
      envNames: ['PATH', 'PORT'],
    },
    ...changes,
  };
}

export function progress(changes: Partial<ProgressRecord> = {}): ProgressRecord {
  return { type: 'progress', app: 'api', operation: 'reload', step: 'ready', slot: 0, generation: 2, pid: 6001, message: 'api[0] ready in 312 ms', ...changes };
}

export const done = (message: string): ResultRecord => ({ type: 'result', ok: true, apps: [app()], message });
