import type { CanarySpec } from '../../lifecycle/app-spec.ts';
import { STRATEGIES } from '../../lifecycle/balance-strategy.ts';
import {
  addTallies,
  areEnough,
  describeCanary,
  judgeCanary,
  nextForCanary,
  NO_TALLY,
  patienceOf,
  tallySince,
  type Patience,
  type Tally,
} from '../../lifecycle/canary.ts';
import type { Rollout } from '../../lifecycle/rollout.ts';
import { addBuckets, emptyBuckets, quantile } from '../../metrics/latency.ts';
import { now } from '../../system/clock.ts';
import type { WorkerHandle } from '../workers/worker-handle.ts';
import type { OperationContext, WorkerFailure } from './operation.ts';

/** How often it is compared, in monitor windows, within bounds. */
const SAMPLES_PER_WINDOW = 2;
const SHORTEST_SAMPLE_MS = 50;
const LONGEST_SAMPLE_MS = 1_000;

interface CanaryOptions {
  readonly context: Pick<OperationContext, 'pool' | 'wakeIn'>;
  readonly monitorMs: number;
  readonly policy: Omit<CanarySpec, 'monitorMs'>;
  /** Workers with this id or a lower one are its peers. */
  readonly cutId: number;
}

/** Watches a new worker: compares what becomes of its requests with what becomes of those of the old workers. */
class Canary {
  readonly worker: WorkerHandle;
  /** It has passed, or failed. */
  decided = false;
  /** What it did, if it failed. */
  failure: string | null = null;
  readonly #options: CanaryOptions;
  /** What the peers had done before. */
  readonly #before: Promise<ReadonlyMap<WorkerHandle, Tally>>;
  #nextSampleAt: number;
  #isComparing = false;
  /** At enough requests. */
  #samples = 0;
  #asksForConnections = false;

  constructor(worker: WorkerHandle, options: CanaryOptions) {
    this.worker = worker;
    this.#options = options;
    this.#before = this.#askPeers(this.#patience());
    this.#nextSampleAt = (worker.readyAt ?? now()) + this.#sampleEveryMs;
  }

  /** Compares when it is time. */
  step(): void {
    if (this.decided || this.#isComparing) return;
    const leftMs = this.#nextSampleAt - now();
    if (leftMs > 0) return this.#options.context.wakeIn(leftMs);
    this.#isComparing = true;
    void this.#compare().finally(() => {
      this.#isComparing = false;
      this.#nextSampleAt = now() + this.#sampleEveryMs;
      this.#options.context.wakeIn(0);
    });
  }

  /** Takes back what it ordered of its peers. */
  end(): void {
    this.decided = true;
    if (this.#asksForConnections) for (const peer of this.#peers) peer.channel.post({ t: 'rebalance', count: 0 });
    this.#asksForConnections = false;
  }

  get #sampleEveryMs(): number {
    return Math.min(LONGEST_SAMPLE_MS, Math.max(SHORTEST_SAMPLE_MS, this.#options.monitorMs / SAMPLES_PER_WINDOW));
  }

  get #peers(): readonly WorkerHandle[] {
    return this.#options.context.pool.workers.filter(({ id, state }) => id <= this.#options.cutId && state === 'ready');
  }

  #patience(): Patience {
    const at = now();
    const latency = this.#peers.reduce<number[]>((sum, { meter }) => addBuckets(sum, meter.recentLatency(at)), emptyBuckets());
    return patienceOf(this.#options.monitorMs, quantile(latency, 0.99));
  }

  async #compare(): Promise<void> {
    const patience = this.#patience();
    const [before, own, theirs] = await Promise.all([this.#before, this.worker.tallies.ask(patience), this.#askPeers(patience)]);
    if (this.decided) return;
    const { policy, monitorMs } = this.#options;
    // A peer that did not answer before is left out.
    const peers = [...theirs].reduce((sum, [peer, tally]) => addTallies(sum, tallySince(before.get(peer) ?? tally, tally)), NO_TALLY);
    const readyForMs = now() - (this.worker.readyAt ?? now());
    if (own !== null && areEnough(own, policy)) this.#samples++;
    // Without peers there is nothing to compare with. A canary that does not answer is blocked.
    const verdict = theirs.size === 0 ? 'good' : own === null ? 'suspect' : judgeCanary(own, peers, policy, Math.max(1, this.#samples));
    const next = nextForCanary(verdict, { readyForMs, monitorMs, isBusy: areEnough(peers, policy) });
    if (next === 'fail') this.failure = describeCanary(own ?? NO_TALLY, peers);
    if (next !== 'watch') return this.end();
    if (verdict === 'unproven') this.#askForConnections();
  }

  async #askPeers(patience: Patience): Promise<ReadonlyMap<WorkerHandle, Tally>> {
    const answers = await Promise.all(this.#peers.map(async (peer) => [peer, await peer.tallies.ask(patience)] as const));
    return new Map(answers.flatMap(([peer, tally]) => (tally === null ? [] : [[peer, tally] as const])));
  }

  /** Clients that keep their connections would not reach it: its peers end half of those in use with their next answer. */
  #askForConnections(): void {
    if (this.#asksForConnections || STRATEGIES[this.#options.context.pool.spec.balance].sticky) return;
    this.#asksForConnections = true;
    for (const peer of this.#peers) {
      const count = Math.ceil((peer.meter.last?.kept ?? 0) / 2);
      if (count > 0) peer.channel.post({ t: 'rebalance', count });
    }
  }
}

/** The canaries of one reload: its first new worker, and the next one if that fails and the reload continues. */
export class Canaries {
  readonly #context: CanaryOptions['context'];
  #current: Canary | null = null;
  #passed = false;

  constructor(context: CanaryOptions['context']) {
    this.#context = context;
  }

  /** Goes on with the comparison. `onTrial` is the worker that has to wait for it, as in a rollout; a failure is returned once. */
  step({ cutId, slots, monitorMs, allAtOnce, givenUp }: Rollout): { readonly onTrial: number | null; readonly failure: WorkerFailure | null } {
    const { pool } = this.#context;
    const policy = pool.spec.canary;
    const none = { onTrial: null, failure: null };
    if (this.#passed || allAtOnce || monitorMs === 0 || policy === null) return none;
    const worker = pool.workers.find(({ id, state, slot }) => id > cutId && state === 'ready' && slots.includes(slot) && !givenUp.has(slot));
    if (worker === undefined) return none;
    if (this.#current?.worker !== worker) {
      this.end();
      this.#current = new Canary(worker, { context: this.#context, monitorMs, policy, cutId });
    }
    const canary = this.#current;
    canary.step();
    if (!canary.decided) return { onTrial: worker.id, failure: null };
    this.#passed = canary.failure === null;
    if (canary.failure === null) return none;
    return { onTrial: null, failure: { worker, reason: canary.failure, isPredicate: true, output: [...worker.end.lastStderr] } };
  }

  /** Nothing is compared any longer. */
  end(): void {
    this.#current?.end();
  }
}
