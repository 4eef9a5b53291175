import type { AskedBy } from '../../lifecycle/exit-report.ts';
import { isLeaving } from '../../lifecycle/states.ts';
import { stopRung, type StopRung } from '../../lifecycle/stop-ladder.ts';
import { now } from '../../system/clock.ts';
import type { WorkerHandle } from './worker-handle.ts';

interface RetirementOptions {
  readonly askedBy: AskedBy;
  readonly killTimeoutMs: number;
  readonly shutdownWithMessage: boolean;
  /** No drain: SIGKILL. */
  readonly now: boolean;
}

/** Takes one worker down the stop ladder: drain, ask, kill. The decisions are `lifecycle/stop-ladder`'s. */
export class Retirement {
  readonly #worker: WorkerHandle;
  readonly #options: RetirementOptions;
  readonly #beganAt = now();
  #rung: StopRung | null = null;
  #skips: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(worker: WorkerHandle, options: RetirementOptions) {
    this.#worker = worker;
    this.#options = options;
    this.#skips = options.now ? 2 : 0;
    worker.end.ask(options.askedBy);
    this.step();
  }

  /** Second request of the operator: one rung further. */
  skipAhead(): void {
    this.#skips = this.#rung === 'drain' ? 1 : 2;
    this.step();
  }

  /** No more drain: SIGKILL. */
  kill(): void {
    this.#skips = 2;
    this.step();
  }

  /** Looks again, after a report of the worker or in time. */
  step(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#worker.state === 'exited') return;
    const { killTimeoutMs } = this.#options;
    const elapsedMs = now() - this.#beganAt;
    const decision = stopRung({ elapsedMs, killTimeoutMs, quiet: this.#worker.self.quiet, skips: this.#skips });
    if (decision.rung !== this.#rung) this.#climb(decision.rung, elapsedMs >= killTimeoutMs);
    if (decision.nextInMs !== null) this.#timer = setTimeout(() => this.step(), Math.ceil(decision.nextInMs));
  }

  #climb(rung: StopRung, deadlinePassed: boolean): void {
    this.#rung = rung;
    const worker = this.#worker;
    if (rung === 'drain') {
      // It may be leaving already: it hung, or its channel was closed.
      if (!isLeaving(worker.state)) worker.move('draining');
      worker.channel.post({ t: 'drain' });
      return;
    }
    if (worker.state !== 'stopping') worker.move('stopping');
    if (rung === 'ask') this.#ask();
    else {
      worker.end.killedAtDeadline = deadlinePassed;
      worker.channel.kill();
    }
  }

  #ask(): void {
    const { channel, self } = this.#worker;
    if (this.#options.shutdownWithMessage) channel.say('shutdown');
    else if (self.handler === 'SIGTERM' || self.handler === 'SIGINT') channel.signal(self.handler);
    channel.post({ t: 'leave', exit: !this.#options.shutdownWithMessage && self.handler === null });
  }
}
