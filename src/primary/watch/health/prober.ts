import type { CheckResult } from '../../../balancing/active-check.ts';
import { messageOf } from '../../../errors/lb-error.ts';
import type { HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { ServerKind } from '../../../protocol/worker.ts';
import { now } from '../../../system/clock.ts';
import type { RawConnection } from '../../handles/raw-handles.ts';
import { ask, type ProbeAnswer } from './ask.ts';
import { Loopback } from './loopback.ts';

/** The outcome of handing a connection to a worker: `taken` or `lost`, once. */
export interface HandOutcome {
  taken(): void;
  /** After `taken`: its server is full or closed and gave the connection back, which does not count as a failure. */
  refused(): void;
  /** The worker has exited, or could not receive the connection. */
  lost(): void;
}

export interface ProbedListener {
  readonly key: string;
  readonly kind: ServerKind;
}

export type ProbePolicy = Pick<HealthCheckSpec, 'path' | 'host' | 'headers' | 'timeoutMs' | 'expect'>;

/**
 * Hands a worker a connection as if from a client of that listener. The prober closes this process's copy of the handle once
 * it knows the outcome.
 */
export type Hand<W> = (worker: W, key: string, connection: RawConnection, outcome: HandOutcome) => void;

/** A deadline that fires later than this means that this process was stopped or starved of CPU. Then the check is inconclusive. */
const LATE_MS = 500;

/** Checks single workers, over a connection that takes the same path as real traffic. */
export class Prober<W extends object> {
  readonly #hand: Hand<W>;
  readonly #loopback = new Loopback();
  /** When each worker was handed a connection that it has not taken yet. Until it takes it, further checks fail. */
  readonly #handedAt = new WeakMap<W, number>();

  constructor(hand: Hand<W>) {
    this.#hand = hand;
  }

  /** Checks a worker once. Resolves with null if the check was inconclusive. */
  async probe(worker: W, { key, kind }: ProbedListener, policy: ProbePolicy): Promise<CheckResult | null> {
    const before = this.#handedAt.get(worker);
    if (before !== undefined) return { ok: false, reason: `not taken in ${seconds(now() - before)}` };
    const startedAt = now();
    const deadline = new Deadline(policy.timeoutMs);
    const loop = await this.#loopback.connect(deadline.signal).catch(() => null);
    if (loop === null) return deadline.cancel();
    const { client, accepted } = loop;
    client.once('close', () => deadline.cancel());
    try {
      const hand = this.#handOver(worker, key, accepted);
      await deadline.race(hand.taken, 'not taken');
      const answer = await deadline.race(Promise.race([ask(client, kind, policy), hand.refused]), 'no answer');
      if (answer === 'refused') {
        client.destroy();
        return null;
      }
      return judge(answer, policy, Math.round(now() - startedAt));
    } catch (error) {
      client.destroy();
      return deadline.wasLate ? null : { ok: false, reason: messageOf(error) };
    }
  }

  close(): void {
    this.#loopback.close();
  }

  #handOver(worker: W, key: string, connection: RawConnection): { readonly taken: Promise<void>; readonly refused: Promise<'refused'> } {
    this.#handedAt.set(worker, now());
    let refuse: (what: 'refused') => void;
    const refused = new Promise<'refused'>((resolve) => (refuse = resolve));
    const taken = new Promise<void>((resolve, reject) => {
      this.#hand(worker, key, connection, {
        taken: resolve,
        refused: () => refuse('refused'),
        lost: () => reject(new Error('the worker did not take the connection')),
      });
    }).finally(() => {
      this.#handedAt.delete(worker);
      connection.close();
    });
    return { taken, refused };
  }
}

/** As in Kubernetes a redirect is not followed, and its status counts; one to another place is named. */
function judge(answer: ProbeAnswer | null, { expect }: ProbePolicy, tookMs: number): CheckResult {
  if (answer === null) return { ok: true, tookMs };
  const { status, redirect } = answer;
  const note = redirect === null ? null : `redirects to ${redirect}`;
  if (!expect.some(([from, to]) => status >= from && status <= to)) return { ok: false, reason: [`status ${status}`, note ?? []].flat().join(', ') };
  return { ok: true, tookMs, ...(note === null ? {} : { note }) };
}

/** One time limit for all steps of a check. When it passes, the connection is closed. */
class Deadline {
  wasLate = false;
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    const dueAt = now() + timeoutMs;
    this.#timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => {
      this.wasLate = now() - dueAt > LATE_MS;
      this.#controller.abort();
    }, timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @throws Error naming what did not happen in time. */
  race<T>(step: Promise<T>, missing: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`${missing} in ${seconds(this.#timeoutMs)}`));
      // Rejects before the step does: the abort closes the connection, and that error is not the cause.
      if (this.signal.aborted) late();
      this.signal.addEventListener('abort', late, { once: true });
      step.then(resolve, reject);
    });
  }

  cancel(): null {
    clearTimeout(this.#timer);
    return null;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
