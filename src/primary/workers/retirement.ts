import type { StopReason } from '../../lifecycle/exit-report.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import { stopRung, type StopRung } from '../../lifecycle/stop-ladder.ts';
import { now } from '../../system/clock.ts';
import type { WorkerHandle } from './worker-handle.ts';

interface RetirementOptions {
  readonly stopReason: StopReason;
  readonly killTimeoutMs: number;
  readonly shutdownWithMessage: boolean;
  /** Sent whatever the app handles; null for a signal that it handles. */
  readonly killSignal: NodeJS.Signals | null;
  /** Sends SIGKILL without draining. */
  readonly now: boolean;
}

/** Takes one worker down the stop ladder: drain, ask, kill. `lifecycle/stop-ladder` makes the decisions. */
export class Retirement {
  readonly #worker: WorkerHandle;
  readonly #options: RetirementOptions;
  readonly #beganAt = now();
  #rung: StopRung | null = null;
  #skips: number;
  #timer: NodeJS.Timeout | null = null;
  #killTimeoutMs: number;

  constructor(worker: WorkerHandle, options: RetirementOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#killTimeoutMs = options.killTimeoutMs;
    this.#skips = options.now ? 2 : 0;
    worker.end.ask(options.stopReason);
    this.step();
  }

  /** Moves to the next rung, after a repeated request of the operator. */
  skipAhead(): void {
    this.#skips = this.#rung === 'drain' ? 1 : 2;
    this.step();
  }

  /** Moves to the last rung: SIGKILL. */
  kill(): void {
    this.#skips = 2;
    this.step();
  }

  /** From now on it has this long at most. */
  shorten(leftMs: number): void {
    const killTimeoutMs = now() - this.#beganAt + leftMs;
    if (killTimeoutMs >= this.#killTimeoutMs) return;
    this.#killTimeoutMs = killTimeoutMs;
    this.step();
  }

  /** Re-evaluates the rung, after a report of the worker or when the timer fires. */
  step(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#worker.state === 'exited') return;
    const killTimeoutMs = this.#killTimeoutMs;
    this.#worker.descendants.leaveBy = this.#beganAt + killTimeoutMs;
    const elapsedMs = now() - this.#beganAt;
    const decision = stopRung({ elapsedMs, killTimeoutMs, quiet: this.#worker.self.quiet, skips: this.#skips });
    if (decision.rung !== this.#rung) this.#enter(decision.rung, elapsedMs >= killTimeoutMs);
    if (decision.nextInMs !== null) this.#timer = setTimeout(() => this.step(), Math.ceil(decision.nextInMs));
  }

  #enter(rung: StopRung, deadlinePassed: boolean): void {
    this.#rung = rung;
    const worker = this.#worker;
    if (rung === 'drain') {
      // A worker that hung or lost its channel is already leaving.
      if (!isLeaving(worker.state)) worker.move('draining');
      worker.channel.post({ t: 'drain' });
      return;
    }
    if (worker.state !== 'stopping') worker.move('stopping');
    if (rung === 'ask') worker.descendants.note(worker.pid);
    if (rung === 'ask') this.#ask();
    else {
      worker.end.killedAtDeadline = deadlinePassed;
      worker.kill();
    }
  }

  #ask(): void {
    const { channel, self } = this.#worker;
    const { shutdownWithMessage, killSignal } = this.#options;
    const signal = killSignal ?? (self.handler === 'message' ? null : self.handler);
    if (shutdownWithMessage) channel.say('shutdown');
    else if (signal !== null) channel.signal(signal);
    channel.post({ t: 'leave', exit: !shutdownWithMessage && signal === null });
  }
}
