import { IDLE_UTILIZATION, type Heartbeat, type OpenCount, type ProcessUse, type Span } from '../protocol/worker.ts';
import { LoopDelay } from './loop-delay.ts';
import type { Traffic } from './traffic.ts';

const EVERY_MS = 1_000;
/** Beats in a row that may be left out while nothing happens: each one wakes the primary. */
const IDLE_BEATS = 5;
/** Nothing but work of the app makes a timer that late. */
const BLOCKED_MS = 100;

interface Vitals {
  readonly traffic: Traffic;
  readonly openCount: () => OpenCount;
  /** Since the process started. */
  readonly cpuMs: () => number;
  readonly use: () => ProcessUse;
}

type Activity = Omit<Heartbeat, 'span' | 'use' | 'loopDelay'>;

/** Where a span begins or ends. */
interface Mark {
  readonly at: number;
  readonly cpuMs: number;
}

/** Sends one small message a second, every fifth while idle: alive, and what it is busy with. */
export class HeartbeatSender {
  readonly #vitals: Vitals;
  readonly #send: (beat: Heartbeat) => void;
  readonly #loopDelay = new LoopDelay();
  #utilization = performance.eventLoopUtilization();
  #due = performance.now() + EVERY_MS;
  #sent: Activity | null = null;
  /** The last look, and the last one that was told. */
  #looked: Mark;
  #told: Mark;
  #leftOut = 0;

  constructor(vitals: Vitals, send: (beat: Heartbeat) => void) {
    this.#vitals = vitals;
    this.#send = send;
    this.#looked = this.#told = this.#mark();
  }

  start(): void {
    setInterval(() => harmless(() => this.#beat()), EVERY_MS).unref();
  }

  /** The last one: what was counted since the one before would be lost with the process. */
  end(): void {
    harmless(() => this.#tell(this.#sample(0), null, spanOf(this.#looked, this.#mark())));
  }

  #beat(): void {
    const now = performance.now();
    const lateMs = Math.max(0, Math.round(now - this.#due));
    const next = this.#sample(lateMs);
    this.#due = now + EVERY_MS;
    // An idle worker that was blocked: this timer is all that has seen it.
    const delay = this.#loopDelay.take() ?? (lateMs < BLOCKED_MS ? null : { p50Ms: lateMs, p99Ms: lateMs, maxMs: lateMs });
    this.#loopDelay.turn(next.eventLoopUtilization >= IDLE_UTILIZATION);
    const here = this.#mark();
    const idle = this.#sent !== null && isIdle(this.#sent, next);
    if (!idle || ++this.#leftOut >= IDLE_BEATS) {
      this.#tell(next, delay, spanOf(idle ? this.#told : this.#looked, here));
      this.#told = here;
    }
    this.#looked = here;
  }

  #mark(): Mark {
    return { at: performance.now(), cpuMs: this.#vitals.cpuMs() };
  }

  #tell(activity: Activity, loopDelay: Heartbeat['loopDelay'], span: Span): void {
    this.#sent = { ...activity, statusClasses: [...activity.statusClasses] };
    this.#leftOut = 0;
    this.#send({ ...activity, span, use: this.#vitals.use(), loopDelay });
  }

  #sample(eventLoopDelayMs: number): Activity {
    const { traffic, openCount } = this.#vitals;
    const current = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(current, this.#utilization);
    this.#utilization = current;
    const latency = traffic.takeLatency();
    let requestsInFlight = 0;
    for (const _ of traffic.inFlight()) requestsInFlight++;
    traffic.countBytes();
    return {
      ...openCount(),
      requestsInFlight,
      kept: traffic.kept(),
      requests: traffic.requests,
      statusClasses: traffic.statusClasses,
      latency,
      latencySumMs: Math.round(traffic.latencySumMs),
      bytesReceived: traffic.bytes.received,
      bytesSent: traffic.bytes.sent,
      eventLoopUtilization: Math.round(since.utilization * 1000) / 1000,
      eventLoopDelayMs,
      // With the argument we start it with, the port is 0 until an inspector is open.
      inspectorPort: process.debugPort === 0 ? null : process.debugPort,
      ownSigusr1: process.listenerCount('SIGUSR1') > 0,
    };
  }
}

/** The last one is of less than a second, and its rate is shown for as long as any other. */
function spanOf(from: Mark, to: Mark): Span {
  return { ms: Math.max(EVERY_MS, Math.round(to.at - from.at)), cpuMs: Math.round((to.cpuMs - from.cpuMs) * 10) / 10 };
}

/** Whatever is wrong, it is not the app's fault: the next beat may do better. */
function harmless(work: () => void): void {
  try {
    work();
  } catch {
    return;
  }
}

/** Nothing that the primary does not know already, its zero rates included. */
function isIdle(before: Activity, now: Activity): boolean {
  const quiet = (beat: Activity): boolean => beat.latency.every((n) => n === 0) && beat.eventLoopUtilization < IDLE_UTILIZATION;
  return (
    quiet(before) &&
    quiet(now) &&
    before.requests === now.requests &&
    before.connections === now.connections &&
    before.delivered === now.delivered &&
    before.inspectorPort === now.inspectorPort &&
    before.requestsInFlight === now.requestsInFlight &&
    before.kept === now.kept
  );
}
