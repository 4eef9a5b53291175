import { LATENCY_BUCKETS_MS, type Heartbeat } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import { treeUsage } from '../../system/tree-usage.ts';

/** Soon, so that nobody sees a command without its memory. */
const FIRST_AFTER_MS = 200;
const BUSY_EVERY_MS = 1_000;
const IDLE_EVERY_MS = 5_000;
/** Below this share of a core it is measured less often. */
const BUSY_SHARE = 0.05;

/** Measures a command with all its descendants, and reports it like a worker that reports itself. */
export class CommandMeter {
  readonly #pid: number;
  readonly #beat: (beat: Heartbeat) => void;
  #last = { at: now(), cpuMs: 0 };
  #timer: NodeJS.Timeout | null = null;

  constructor(pid: number, beat: (beat: Heartbeat) => void) {
    this.#pid = pid;
    this.#beat = beat;
  }

  start(): void {
    this.#last = { at: now(), cpuMs: 0 };
    this.#plan(FIRST_AFTER_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #plan(ms: number): void {
    this.#timer = setTimeout(() => this.#plan(this.#measure() >= BUSY_SHARE ? BUSY_EVERY_MS : IDLE_EVERY_MS), ms);
  }

  /** @returns the share of a core that it used. */
  #measure(): number {
    const usage = treeUsage(this.#pid);
    if (usage === null) return 0;
    const at = now();
    const ms = at - this.#last.at;
    const cpuMs = Math.max(0, usage.cpuMs - this.#last.cpuMs);
    this.#last = { at, cpuMs: usage.cpuMs };
    this.#beat(beatOf(ms, cpuMs, usage));
    return cpuMs / ms;
  }
}

/** Of requests and of an event loop nothing is known. */
function beatOf(ms: number, cpuMs: number, usage: { readonly cpuMs: number; readonly memoryBytes: number }): Heartbeat {
  return {
    connections: 0,
    delivered: 0,
    accepted: 0,
    span: { ms, cpuMs },
    requestsInFlight: 0,
    kept: 0,
    requests: 0,
    statusClasses: [0, 0, 0, 0, 0],
    latency: Array.from({ length: LATENCY_BUCKETS_MS.length + 1 }, () => 0),
    latencySumMs: 0,
    bytesReceived: 0,
    bytesSent: 0,
    use: { cpuMs: usage.cpuMs, rssBytes: usage.memoryBytes, heapUsedBytes: 0, heapLimitBytes: 0, gcCount: 0, gcMs: 0, handles: 0 },
    loopDelay: null,
    eventLoopUtilization: Math.min(1, cpuMs / ms),
    eventLoopDelayMs: 0,
    inspectorPort: null,
    ownSigusr1: false,
  };
}
