import { IDLE_UTILIZATION, type Heartbeat, type OpenCount, type ProcessUse, type Span } from '../protocol/worker.ts';
import { LoopDelay } from './loop-delay.ts';
import type { Traffic } from './traffic.ts';

const EVERY_MS = 1_000;
/** In the first seconds in which traffic moves to this worker or away from it, beats come more often, so that no figure falls meanwhile. */
const MOVING_EVERY_MS = 200;
const MOVING_FOR_MS = 2_000;
/** While nothing happens only every fifth beat is sent, because each one wakes the primary. */
const IDLE_BEATS = 5;
/** A timer that is later than this was delayed by work of the app. */
const BLOCKED_MS = 100;

interface Vitals {
  readonly traffic: Traffic;
  readonly openCount: () => OpenCount;
  /** CPU time since the process started. */
  readonly cpuMs: () => number;
  readonly use: () => ProcessUse;
  /** Adds what other processes do for this one. */
  readonly complete: (own: Activity) => Activity;
}

export type Activity = Omit<Heartbeat, 'span' | 'use' | 'loopDelay'>;

/** The start or the end of a span. */
interface Mark {
  readonly at: number;
  readonly cpuMs: number;
}

/** Sends a heartbeat with the worker's load once a second, or only every fifth one while idle. */
export class HeartbeatSender {
  readonly #vitals: Vitals;
  readonly #post: (beat: Heartbeat) => void;
  readonly #loopDelay = new LoopDelay();
  #utilization = performance.eventLoopUtilization();
  #due = performance.now() + EVERY_MS;
  #sent: Activity | null = null;
  /** The marks of the last beat, and of the last one that was sent. */
  #lastMark: Mark;
  #sentMark: Mark;
  #skipped = 0;
  #lastDelay: Heartbeat['loopDelay'] = null;
  #moving: NodeJS.Timeout | null = null;

  constructor(vitals: Vitals, post: (beat: Heartbeat) => void) {
    this.#vitals = vitals;
    this.#post = post;
    this.#lastMark = this.#sentMark = this.#mark();
  }

  start(): void {
    setInterval(() => harmless(() => this.#beat()), EVERY_MS).unref();
  }

  /** Sends the counts since the last heartbeat, which would be lost when the process ends. */
  flush(): void {
    harmless(() => this.#beatNow());
  }

  /** Its first connection arrives. If it has answered nothing so far, the first rate is that from now on. */
  begins(): void {
    if (this.#vitals.traffic.requests === 0) this.#lastMark = this.#mark();
    this.#move();
  }

  /** It gets no connections from now on. */
  leaves(): void {
    this.flush();
    this.#move();
  }

  #move(): void {
    if (this.#moving !== null) clearInterval(this.#moving);
    const until = performance.now() + MOVING_FOR_MS;
    const moving = setInterval(() => {
      harmless(() => this.#send(this.#sample(0), this.#lastDelay));
      if (performance.now() >= until) clearInterval(moving);
    }, MOVING_EVERY_MS);
    this.#moving = moving.unref();
  }

  #beatNow(): void {
    const here = this.#mark();
    this.#report(this.#sample(0), this.#lastDelay, spanOf(this.#lastMark, here));
    this.#lastMark = this.#sentMark = here;
  }

  #beat(): void {
    const now = performance.now();
    const lateMs = Math.max(0, Math.round(now - this.#due));
    const next = this.#sample(lateMs);
    this.#due = now + EVERY_MS;
    // While idle there are no delay samples, so only the lateness of this timer shows that the worker was blocked.
    const delay = this.#loopDelay.take() ?? (lateMs < BLOCKED_MS ? null : { p50Ms: lateMs, p99Ms: lateMs, maxMs: lateMs });
    this.#loopDelay.turn(next.eventLoopUtilization >= IDLE_UTILIZATION);
    this.#lastDelay = delay;
    this.#send(next, delay);
  }

  /** Unless it says nothing new. */
  #send(next: Activity, delay: Heartbeat['loopDelay']): void {
    const here = this.#mark();
    const idle = this.#sent !== null && isIdle(this.#sent, next);
    if (!idle || ++this.#skipped >= IDLE_BEATS) {
      this.#report(next, delay, spanOf(idle ? this.#sentMark : this.#lastMark, here));
      this.#sentMark = here;
    }
    this.#lastMark = here;
  }

  #mark(): Mark {
    return { at: performance.now(), cpuMs: this.#vitals.cpuMs() };
  }

  #report(activity: Activity, loopDelay: Heartbeat['loopDelay'], span: Span): void {
    this.#sent = { ...activity, statusClasses: [...activity.statusClasses] };
    this.#skipped = 0;
    this.#post({ ...activity, span, use: this.#vitals.use(), loopDelay });
  }

  #sample(eventLoopDelayMs: number): Activity {
    const { traffic, openCount, complete } = this.#vitals;
    const current = performance.eventLoopUtilization();
    const since = performance.eventLoopUtilization(current, this.#utilization);
    this.#utilization = current;
    const latency = traffic.takeLatency();
    traffic.countBytes();
    return complete({
      ...openCount(),
      requestsInFlight: traffic.requestsInFlight,
      kept: traffic.kept(),
      requests: traffic.requests,
      statusClasses: traffic.statusClasses,
      latency,
      latencySumMs: Math.round(traffic.latencySumMs),
      bytesReceived: traffic.bytes.received,
      bytesSent: traffic.bytes.sent,
      eventLoopUtilization: Math.round(since.utilization * 1000) / 1000,
      eventLoopDelayMs,
      // Workers start with `--inspect-port=0`, so the port is 0 until an inspector is open.
      inspectorPort: process.debugPort === 0 ? null : process.debugPort,
      ownSigusr1: process.listenerCount('SIGUSR1') > 0,
    });
  }
}

function spanOf(from: Mark, to: Mark): Span {
  return { ms: Math.max(1, Math.round(to.at - from.at)), cpuMs: Math.round((to.cpuMs - from.cpuMs) * 10) / 10 };
}

/** An error here must not reach the app. The next beat may succeed. */
function harmless(work: () => void): void {
  try {
    work();
  } catch {
    return;
  }
}

/** Whether a beat contains nothing new for the primary. */
function isIdle(before: Activity, now: Activity): boolean {
  const quiet = (beat: Activity): boolean => beat.latency.every((n) => n === 0) && beat.eventLoopUtilization < IDLE_UTILIZATION;
  return (
    quiet(before) &&
    quiet(now) &&
    before.requests === now.requests &&
    before.connections === now.connections &&
    before.delivered === now.delivered &&
    before.accepted === now.accepted &&
    before.inspectorPort === now.inspectorPort &&
    before.requestsInFlight === now.requestsInFlight &&
    before.kept === now.kept
  );
}
