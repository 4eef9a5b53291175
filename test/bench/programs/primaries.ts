/**
 * Many apps without their processes: what a daemon gets from real primaries, on as many connections, at their pace. Every worker
 * is busy: all figures change every second. Arguments: the daemon's home, apps, workers of each. Prints a line when all are
 * attached, and ends when all have been stopped or the daemon is gone.
 */
import { LbError } from '../../../src/errors/lb-error.ts';
import { emptyBuckets } from '../../../src/metrics/latency.ts';
import { NO_COUNTERS, NO_TOTALS } from '../../../src/metrics/totals.ts';
import type { Answer, Order, PrimarySettings, ToPrimary } from '../../../src/protocol/attach.ts';
import { listedApp } from '../../../src/protocol/listed-app.ts';
import type { AppSnapshot, WorkerHealth, WorkerSnapshot } from '../../../src/protocol/snapshot.ts';
import type { AppStats } from '../../../src/protocol/stats.ts';
import type { Counters } from '../../../src/protocol/totals.ts';
import { ATTACH_PROTOCOL } from '../../../src/protocol/version.ts';
import { DaemonLink } from '../../../src/primary/daemon-link.ts';
import { homePaths } from '../../../src/system/paths.ts';
import { startTimeOf } from '../../../src/system/processes.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const STATS_EVERY_MS = 1_000;
const [home = '', ...counts] = process.argv.slice(2);
const [appCount = 0, workerCount = 0] = counts.map(Number);
const { daemonLog } = homePaths(home);
const slots = Array.from({ length: workerCount }, (_, slot) => slot);
let attached = 0;
let stopped = 0;

class FakePrimary {
  readonly #spec = sampleSpec({ name: '', instances: workerCount, script: '/srv/app/server.js', cwd: '/srv/app' });
  readonly #startedAt = Date.now() - 3_600_000;
  readonly #link: DaemonLink;
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
    this.#spec = { ...this.#spec, name: `service-${String(index).padStart(2, '0')}` };
    const settings: PrimarySettings = {
      name: this.#spec.name,
      home,
      daemonLog,
      daemonNode: '',
      program: '',
      version: '0.0.0',
      foreground: true,
    };
    this.#link = new DaemonLink(
      settings,
      {
        hello: (proof) => {
          if (++attached === appCount) process.stdout.write('attached\n');
          return {
            type: 'hello',
            name: this.#spec.name,
            pid: process.pid,
            startTime: startTimeOf(process.pid),
            proof,
            version: '0.0.0',
            protocol: ATTACH_PROTOCOL,
            sockets: [],
            apps: [{ spec: this.#spec, snapshot: this.#snapshot() }],
          };
        },
        attached: () => {},
        received: (message) => this.#received(message),
        malformed: (problem) => {
          throw problem;
        },
        lost: () => process.exit(),
        unstarted: () => {},
      },
      { path: () => '' },
    );
    this.#link.dial();
    // Primaries of real apps do not beat in step.
    setTimeout(
      () => setInterval(() => this.#link.send({ type: 'stats', app: this.#spec.name, stats: this.#stats() }), STATS_EVERY_MS),
      (STATS_EVERY_MS * index) / appCount,
    );
  }

  #received(message: ToPrimary): void {
    if (message.type === 'ping') return this.#link.send({ type: 'pong', seq: message.seq });
    if (message.type === 'leave') return void this.#end();
    if (message.type !== 'order') return;
    this.#link.send({ type: 'answer', app: message.app, id: message.id, answer: this.#answer(message.order) });
    if (message.order.kind === 'stop') void this.#end();
  }

  #answer(order: Order): Answer {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- an order is answered here once a measure gives it
    switch (order.kind) {
      case 'snapshot':
        return { kind: 'snapshot', snapshot: this.#snapshot() };
      case 'list':
        return { kind: 'list', app: listedApp(this.#snapshot()) };
      case 'tail':
        return { kind: 'tail', lines: [] };
      case 'stop':
      case 'follow-logs':
        return { kind: 'done', message: 'ok', snapshot: this.#snapshot(), spec: this.#spec };
      default:
        throw new LbError('LB_ERR_INTERNAL', {
          reason: `no measure gives the order "${order.kind}": teach test/bench/programs/primaries.ts how a primary answers it`,
        });
    }
  }

  async #end(): Promise<void> {
    this.#link.send({ type: 'ended', app: this.#spec.name, state: 'stopped', error: null, snapshot: this.#snapshot() });
    await this.#link.close();
    if (++stopped === appCount) process.exit();
  }

  #snapshot(): AppSnapshot {
    const { env, ...spec } = this.#spec;
    return {
      ...this.#stats(),
      healthy: workerCount,
      node: process.versions.node,
      uptimeMs: Date.now() - this.#startedAt,
      restarts: 0,
      proxyRejections: { malformed: 0, timeout: 0, untrusted: 0, closed: 0 },
      listeners: [`*:${3_000 + this.#index}`],
      unserved: [],
      expectedPort: null,
      generations: [],
      generationNote: null,
      health: slots.map(
        (slot): WorkerHealth => ({
          slot,
          pid: this.#pid(slot),
          state: 'ready',
          checks: { passed: 360, failed: 0 },
          last: null,
          lastFailures: [],
          ejections: 0,
          causes: [],
          sinceMs: null,
        }),
      ),
      troubledSlots: [],
      autoscaling: null,
      operation: null,
      queuedOperations: [],
      lastExits: [],
      error: null,
      socketsKept: true,
      spec: { ...spec, envNames: Object.keys(env) },
    };
  }

  #stats(): AppStats {
    const second = (Date.now() - this.#startedAt) / 1_000;
    const workers = slots.map((slot) => this.#worker(slot, second));
    const counters = (share: number): Counters => ({
      ...NO_COUNTERS,
      answers: [0, second * share, 3, 2, 1].map(Math.round),
      bytesSent: Math.round(second * share * 1_432),
      accepted: Math.round(second * share),
      cpuMs: second * share,
    });
    return {
      name: this.#spec.name,
      state: 'online',
      instances: workerCount,
      ready: workerCount,
      generation: 1,
      primaryPid: process.pid,
      startedAt: this.#startedAt,
      cpuPercent: 12.5 * workerCount,
      memoryBytes: 65_431_000 * workerCount,
      connections: 10 * workerCount,
      queued: 0,
      panic: false,
      requestsPerSecond: Math.round(workers.reduce((sum, worker) => sum + worker.requestsPerSecond, 0)),
      p50Ms: 3.1,
      p95Ms: 8.4,
      p99Ms: 19.7,
      errorRate: 0.001,
      workers,
      totals: {
        ...NO_TOTALS,
        ...counters(1_200),
        latency: emptyBuckets().map((_, bucket) => Math.round(second * bucket)),
        latencySumMs: second * 4_000,
        slots: Object.fromEntries(slots.map((slot) => [slot, counters(150)])),
      },
    };
  }

  #worker(slot: number, second: number): WorkerSnapshot {
    const wave = 1 + Math.sin((second + this.#index + slot) / 7);
    return {
      slot,
      generation: 1,
      pid: this.#pid(slot),
      state: 'ready',
      startedAt: this.#startedAt,
      uptimeMs: Math.round(second * 1_000),
      restarts: 0,
      cpuPercent: Math.round(200 * wave) / 10,
      memoryBytes: 65_431_000,
      weight: 1,
      connections: 10,
      accepted: Math.round(second * 150),
      refused: 0,
      handOffMs: 0.182,
      requestsInFlight: 1,
      requestsPerSecond: Math.round(1_500 * wave) / 10,
      p95Ms: 8.4 * wave,
      eventLoopUtilization: wave / 3,
      eventLoopDelayMs: wave,
      loopDelay: { p50Ms: 1.1, p99Ms: 3.4, maxMs: 9.2 },
      heapUsedBytes: 20_000_000,
      heapLimitBytes: 2_197_815_296,
      handles: 20,
      blockers: null,
      withdrawn: null,
    };
  }

  #pid(slot: number): number {
    return 100_000 + this.#index * 100 + slot;
  }
}

for (let index = 0; index < appCount; index++) new FakePrimary(index);
