import type { CheckResult } from '../../../balancing/active-check.ts';
import { messageOf } from '../../../errors/lb-error.ts';
import type { HealthCheckSpec } from '../../../lifecycle/app-spec.ts';
import type { ServerKind } from '../../../protocol/worker.ts';
import { now } from '../../../system/clock.ts';
import type { RawConnection } from '../../handles/raw-handles.ts';
import { ask } from './ask.ts';
import { Deadline, seconds } from './deadline.ts';
import { judge } from './judge.ts';
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
