import { FIRST_STATE, nextAccept, SAMPLE_MS, type AcceptLoad, type AcceptState } from '../../balancing/accept-mode.ts';
import { definedAcceptance, type Acceptance } from '../../lifecycle/acceptor.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { now } from '../../system/clock.ts';
import type { Pool } from '../workers/pool.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';
import type { Ingress } from './ingress.ts';
import type { Router } from './router.ts';

interface AcceptWatchOptions {
  readonly ingress: Pick<Ingress, 'arrivals' | 'dispatcher' | 'lendsNothing' | 'letAccept'>;
  readonly pool: Pick<Pool, 'counters'>;
  readonly router: Pick<Router, 'changed'>;
  /** CPU time of this process so far, in milliseconds. */
  readonly cpuMs?: () => number;
}

/** The beginning of the current sample. */
interface Sample {
  readonly at: number;
  readonly connections: number;
  readonly cpuMs: number;
}

/** Decides who accepts: by the definition of the app, or by the load. While no connections arrive it does nothing, not even a timer. */
export class AcceptWatch implements WorkerObserver {
  readonly #options: AcceptWatchOptions;
  readonly #cpuMs: () => number;
  #defined: Acceptance | null = null;
  #mostShare = 1;
  #state: AcceptState = FIRST_STATE;
  /** Why there is a storm. */
  #because = '';
  #sample: Sample | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AcceptWatchOptions) {
    this.#options = options;
    this.#cpuMs = options.cpuMs ?? ownCpuMs;
  }

  get current(): Acceptance {
    if (this.#options.ingress.lendsNothing) return { by: 'primary', because: 'Unix socket' };
    if (this.#defined !== null) return this.#defined;
    return this.#state.mode === 'storm' ? { by: 'workers', because: this.#because } : { by: 'primary', because: 'calm' };
  }

  onSpecChanged(spec: AppSpec): void {
    const before = this.#defined;
    this.#defined = definedAcceptance(spec);
    this.#mostShare = spec.handOffShare;
    // A storm outlasts a change that has nothing to do with it.
    if (before === null && this.#defined === null) return;
    this.#enter(FIRST_STATE);
    this.#options.ingress.letAccept(this.#defined?.by === 'workers');
  }

  /** A worker took a connection. */
  onFree(): void {
    if (this.#defined !== null || this.#state.mode === 'storm') return;
    if (this.#sample === null) this.#sample = this.#begin();
    else if (now() - this.#sample.at >= SAMPLE_MS.calm) this.#end();
  }

  stop(): void {
    this.#enter(FIRST_STATE);
  }

  #begin(): Sample {
    const { ingress, pool } = this.#options;
    const connections = this.#state.mode === 'storm' ? pool.counters.accepted : ingress.arrivals;
    return { at: now(), connections, cpuMs: this.#cpuMs() };
  }

  #end(): void {
    const began = this.#sample;
    const ended = this.#begin();
    this.#sample = null;
    if (began === null || this.#options.ingress.lendsNothing) return;
    const load = {
      at: ended.at,
      perSecond: ((ended.connections - began.connections) * 1_000) / (ended.at - began.at),
      share: (ended.cpuMs - began.cpuMs) / (ended.at - began.at),
      waiting: this.#options.ingress.dispatcher.queued,
    };
    const before = this.#state.mode;
    this.#enter(nextAccept(this.#state, load, this.#mostShare));
    if (this.#state.mode === before) return;
    this.#because = describe(load);
    this.#options.ingress.letAccept(this.#state.mode === 'storm');
    this.#options.router.changed();
  }

  /** In a storm the primary sees no connections, so a timer takes the samples. */
  #enter(state: AcceptState): void {
    this.#state = state;
    if (state.mode === 'storm') this.#sample ??= this.#begin();
    else this.#sample = null;
    if ((state.mode === 'storm') === (this.#timer !== null)) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = state.mode === 'storm' ? setInterval(() => this.#end(), SAMPLE_MS.storm) : null;
  }
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function describe({ perSecond, share, waiting }: AcceptLoad): string {
  const load = `${Math.round(perSecond / 10) * 10} new connections per second`;
  return `${load} took the primary ${Math.round(share * 100)} % of a core${waiting > 0 ? `, with ${waiting} waiting` : ''}`;
}
