import type { EmitEvent } from '../protocol/event.ts';
import type { Pool } from './workers/pool.ts';
import type { WorkerHandle, WorkerObserver } from './workers/worker-handle.ts';

/** Messages that one worker has not received yet. With more, a worker that does not read would fill the memory of the primary. */
const MAX_UNSENT = 10_000;
const LONGEST_NAME = 80;
/** What PM2's own libraries send to PM2. */
const FOR_PM2 = /^(?:axm|process):/;

interface RelayOptions {
  readonly pool: Pool;
  readonly event: EmitEvent;
}

/** Takes the place of an app's cluster primary for messages: with `ipc: 'broadcast'` each goes to all other workers of the app, else it is ignored. */
export class Relay implements WorkerObserver {
  readonly #options: RelayOptions;
  readonly #unsent = new WeakMap<WorkerHandle, number>();
  #hasReportedIgnored = false;
  #hasReportedLost = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  onMessage(sender: WorkerHandle, message: unknown): void {
    const { pool } = this.#options;
    if (isForUs(message)) return;
    if (pool.spec.ipc === 'none') return this.#ignored(sender, message);
    for (const worker of pool.workers) if (worker !== sender && worker.channel.connected) this.#relay(worker, message);
  }

  #relay(worker: WorkerHandle, message: unknown): void {
    const unsent = this.#unsent.get(worker) ?? 0;
    if (unsent >= MAX_UNSENT) return this.#lost(worker);
    this.#unsent.set(worker, unsent + 1);
    worker.channel.say(message, () => this.#unsent.set(worker, (this.#unsent.get(worker) ?? 1) - 1));
  }

  /** A plain worker is a primary of its own: under `node` its message would go nowhere either. */
  #ignored(sender: WorkerHandle, message: unknown): void {
    if (this.#hasReportedIgnored || sender.spec.kind === 'plain') return;
    this.#hasReportedIgnored = true;
    const what = `worker ${sender.slot} sent the cluster primary a message (${nameOf(message)}), which lb ignores, like all further ones`;
    this.#options.event('message-ignored', `${what}; with ipc: 'broadcast' the other workers get such messages`, sender);
  }

  #lost(worker: WorkerHandle): void {
    if (this.#hasReportedLost) return;
    this.#hasReportedLost = true;
    this.#options.event('message-ignored', `worker ${worker.slot} reads its messages too slowly: more than ${MAX_UNSENT} wait, further ones are lost`, worker);
  }
}

function isForUs(message: unknown): boolean {
  if (message === 'ready') return true;
  return typeof message === 'object' && message !== null && ('lb' in message || ('type' in message && FOR_PM2.test(String(message.type))));
}

/** What identifies a message for people. */
function nameOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return JSON.stringify(message).slice(0, LONGEST_NAME);
  for (const key of ['type', 'topic', 'cmd', 'event']) {
    const value: unknown = Reflect.get(message, key);
    if (typeof value === 'string' || typeof value === 'number') return `${key} ${JSON.stringify(value).slice(0, LONGEST_NAME)}`;
  }
  return `fields ${Object.keys(message).join(', ').slice(0, LONGEST_NAME)}`;
}
