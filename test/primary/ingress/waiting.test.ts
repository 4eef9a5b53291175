import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../../src/lifecycle/app-spec.ts';
import type { PendingConnection, Target } from '../../../src/primary/handles/connection.ts';
import { Duplicator } from '../../../src/primary/handles/duplicator.ts';
import { Ingress } from '../../../src/primary/ingress/ingress.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';

const QUERY = { key: 'a', address: '127.0.0.1', port: 0, addressType: 4, backlog: 1, flags: 0, readableAll: false, writableAll: false, kind: 'http' } as const;
const CLIENTS = 200;
/** With those that are accepted while the listener pauses for the first time. */
const HANDFUL = 16 + 6;

/** Takes a connection when it is told to, and closes it. */
class Busy implements Target {
  readonly slot: number;
  readonly connections = 0;
  pending: PendingConnection | null = null;
  constructor(slot: number) {
    this.slot = slot;
  }
  hand(): void {}
  take(): boolean {
    if (this.pending === null) return false;
    this.pending.connection.close();
    this.pending = null;
    return true;
  }
}

const { duplicate } = new Duplicator();
const ingress = new Ingress({ keeper: { keep: () => {}, drop: () => Promise.resolve() }, duplicate });
let clients: Socket[] = [];
afterEach(() => {
  ingress.closeAllBut(new Set());
  for (const client of clients.splice(0)) client.destroy();
});

async function crowd(spec: Partial<AppSpec>, waiting: number, address: string | null = '127.0.0.1'): Promise<readonly Busy[]> {
  ingress.configure(sampleSpec(spec));
  const { name } = await ingress.listen({ ...QUERY, address });
  const workers = [new Busy(0), new Busy(1)];
  ingress.dispatcher.route(
    'a',
    workers.map((target) => ({ target, weight: 1, backup: false })),
  );
  clients = Array.from({ length: CLIENTS }, () => connect(name?.port ?? 0, '127.0.0.1').on('error', () => {}));
  await vi.waitFor(() => expect(ingress.waiting).toBe(waiting), { timeout: 3_000 });
  return workers;
}

/** Lets the workers take everything. @returns the most connections that waited in this process meanwhile */
async function serve(workers: readonly Busy[]): Promise<number> {
  let most = 0;
  for (let served = 0; served < CLIENTS; ) {
    for (const worker of workers) {
      if (worker.take()) served++;
      ingress.dispatcher.pumpFor(worker);
    }
    most = Math.max(most, ingress.dispatcher.queued);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return most;
}

it.each<Partial<AppSpec>>([
  { balance: 'round-robin' },
  { balance: 'least-connections' },
  // No header is expected on this port.
  { balance: 'random', proxyProtocol: { ports: [1], from: null } },
])('while no worker is free, connections wait in the kernel, whatever backlog the app asked for, and all are served: %o', async (spec) => {
  const workers = await crowd(spec, CLIENTS - 2);
  expect(ingress.dispatcher.queued).toBeLessThanOrEqual(HANDFUL);
  expect(await serve(workers)).toBeLessThanOrEqual(HANDFUL);
  expect(ingress.waiting).toBe(0);
});

it('counts those that wait for a listener without an address, too', async () => {
  await serve(await crowd({ balance: 'round-robin' }, CLIENTS - 2, null));
});

it('what must be accepted before its worker is known waits here, up to max_queue', async () => {
  // All of one address.
  await crowd({ balance: 'ip-hash', maxQueue: 50 }, CLIENTS - 1);
  expect(ingress.dispatcher.queued).toBeGreaterThanOrEqual(50);
  expect(ingress.dispatcher.queued).toBeLessThanOrEqual(50 + 6);
});

it('a listener that workers accept from is not polled here again when what waits here has been handed over', async () => {
  const workers = await crowd({ balance: 'round-robin' }, CLIENTS - 2);
  ingress.letAccept(true);
  while (ingress.dispatcher.queued > 0) {
    for (const worker of workers) {
      worker.take();
      ingress.dispatcher.pumpFor(worker);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(ingress.listeners.get('a')?.mode).toBe('paused');
});
