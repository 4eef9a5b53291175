import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DirectSockets } from '../../../src/primary/ingress/direct-sockets.ts';
import type { RawListener } from '../../../src/primary/handles/raw-handles.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';
import type { ListenQuery } from '../../../src/protocol/worker.ts';

class FakeSocket implements RawListener {
  closed = false;
  polled = false;
  onconnection?: RawListener['onconnection'];
  listen(): number {
    this.polled = true;
    return 0;
  }
  close(): void {
    this.closed = true;
  }
  getsockname(out: object): number {
    Object.assign(out, { address: '0.0.0.0', family: 'IPv4', port: 3000 });
    return 0;
  }
}

const system = vi.hoisted(() => ({ bound: [] as { port: number; reused: boolean }[], refuseAfter: Infinity }));
vi.mock('../../../src/primary/handles/raw-handles.ts', async (original) => {
  const real = await original<typeof import('../../../src/primary/handles/raw-handles.ts')>();
  const bindSocket: typeof real.bindSocket = (query, reused) => {
    // Only probes whether the port is in use.
    if (query.port > 0 && !reused) return real.bindSocket(query, reused);
    return system.bound.push({ port: query.port, reused }) > system.refuseAfter ? -98 : new FakeSocket();
  };
  return { ...real, bindSocket };
});

const QUERY: ListenQuery = { key: 'a', address: null, port: 0, addressType: 4, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'http' };

/** Accepts from the sockets it was lent. */
class FakeWorker {
  readonly id: number;
  readonly slot: number;
  readonly keys = new Set(['a']);
  readonly accepts = new Set<number>();
  refuses = false;
  /** The last socket it was lent. */
  socket: RawListener | null = null;
  constructor(slot: number, id = slot) {
    this.slot = slot;
    this.id = id;
  }
  readonly handOff = {
    lend: (_key: string, index: number, socket: RawListener, lost: () => void): void => {
      log.push(`${this.id} gets ${index}`);
      this.socket = socket;
      if (this.refuses) lost();
      else this.accepts.add(index);
    },
  };
  readonly channel = {
    post: ({ index, on }: { index: number; on: boolean }): void => {
      log.push(`${this.id} loses ${index}`);
      if (!on) this.accepts.delete(index);
    },
  };
}

let log: string[];
let kept: string[];
let sockets: DirectSockets;
let whenDropped: () => void;
const dropped = (key: string): void => {
  whenDropped();
  kept.push(`drop ${key}`);
};
const make = (): DirectSockets => new DirectSockets({ onOpened: ({ key }) => kept.push(`keep ${key}`), onClosed: dropped });
beforeEach(() => {
  Object.assign(system, { bound: [], refuseAfter: Infinity });
  [log, kept, whenDropped] = [[], [], () => {}];
  sockets = make();
});

const assign = (workers: readonly FakeWorker[], backups: readonly number[] = []): number[][] => {
  sockets.assign({ members: workers as unknown as WorkerHandle[], isBackup: ({ slot }) => backups.includes(slot) });
  return workers.map(({ accepts }) => [...accepts].sort());
};

describe('DirectSockets', () => {
  it('opens one socket per slot, all on the port of the first, and passes each to the daemon', async () => {
    expect(await sockets.listen(QUERY, 3)).toMatchObject({ errno: 0, name: { port: 3000 } });
    expect(system.bound).toEqual([0, 3000, 3000].map((port) => ({ port, reused: true })));
    await sockets.listen(QUERY, 4);
    expect(kept).toEqual(['keep a#0', 'keep a#1', 'keep a#2', 'keep a#3']);
    expect([sockets.names.length > 0, sockets.labels]).toEqual([true, ['*:3000']]);
  });

  it('opens a single socket for all workers if told so', async () => {
    sockets = make();
    sockets.shared = true;
    await sockets.listen(QUERY, 3);
    expect(system.bound).toEqual([{ port: 0, reused: false }]);
    expect(assign([new FakeWorker(0), new FakeWorker(1)])).toEqual([[0], [0]]);
  });

  it('works with fewer sockets if some cannot be opened', async () => {
    system.refuseAfter = 2;
    expect((await sockets.listen(QUERY, 3)).errno).toBe(0);
    expect(kept).toEqual(['keep a#0', 'keep a#1']);
    sockets = make();
    expect(await sockets.listen(QUERY, 3)).toEqual({ errno: -98 });
  });

  it('does not share a port with another program', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const other = connect(port);
    expect((await sockets.listen({ ...QUERY, port }, 1)).errno).toBeLessThan(0);
    expect(system.bound).toEqual([]);
    taken.close();
    other.destroy();
    await once(taken, 'close');
    expect((await sockets.listen({ ...QUERY, port }, 1)).errno).toBe(0);
  });

  it('accepts no connection before the first socket listens', async () => {
    const free = createServer().listen(0);
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const listens = sockets.listen({ ...QUERY, port }, 1);
    const [error] = await once(connect(port), 'error');
    expect([error, (await listens).errno]).toMatchObject([{ code: 'ECONNREFUSED' }, 0]);
  });

  it('lends each socket to the worker of its slot, or else to others, before taking it away', async () => {
    await sockets.listen(QUERY, 2);
    const [first, second, heir] = [new FakeWorker(0), new FakeWorker(1), new FakeWorker(0, 9)];
    expect(assign([first, second])).toEqual([[0], [1]]);
    log = [];
    expect(assign([second, heir])).toEqual([[1], [0]]);
    expect([log, [...first.accepts]]).toEqual([['9 gets 0', '0 loses 0'], []]);
    expect(assign([second])).toEqual([[0, 1]]);
  });

  it('lends no socket twice, and retries one that did not arrive', async () => {
    await sockets.listen(QUERY, 1);
    const worker = new FakeWorker(0);
    worker.refuses = true;
    assign([worker]);
    worker.refuses = false;
    assign([worker]);
    assign([worker]);
    expect(log).toEqual(['0 gets 0', '0 gets 0']);
  });

  it('lends nothing to a worker that does not listen, and forgets an exited one', async () => {
    await sockets.listen(QUERY, 1);
    const [deaf, worker] = [new FakeWorker(0), new FakeWorker(0, 1)];
    deaf.keys.clear();
    expect(assign([deaf, worker])).toEqual([[], [0]]);
    sockets.forget(worker as unknown as WorkerHandle);
    assign([]);
    expect(log).toEqual(['1 gets 0']);
  });

  it('takes over the sockets of the previous primary, in order', async () => {
    const [zero, one] = [new FakeSocket(), new FakeSocket()];
    expect([DirectSockets.owns('a#1'), DirectSockets.owns('a')]).toEqual([true, false]);
    sockets.received('a#1', one);
    sockets.received('a#0', zero);
    expect(sockets.names.length > 0).toBe(true);
    await sockets.listen(QUERY, 2);
    expect([system.bound, kept]).toEqual([[], []]);
    const workers = [new FakeWorker(0), new FakeWorker(1)];
    assign(workers);
    expect(workers.map(({ socket }) => socket)).toEqual([expect.toSatisfy((socket) => socket === zero), expect.toSatisfy((socket) => socket === one)]);
    sockets.closeAllBut(new Set(['a']));
    expect([zero.closed, one.closed]).toEqual([false, false]);
    whenDropped = () => expect([zero.closed, one.closed], 'all are closed before anything else takes time').toEqual([true, true]);
    sockets.closeAllBut(new Set());
    expect([zero.closed, one.closed, kept]).toEqual([true, true, ['drop a#0', 'drop a#1']]);
  });

  it('accepts the last connections in the primary, once no worker does', async () => {
    const socket = new FakeSocket();
    sockets.received('a#0', socket);
    await sockets.listen(QUERY, 1);
    const [worker, dying] = [new FakeWorker(0), new FakeWorker(1)];
    assign([dying]);
    assign([worker]);
    assign([worker, dying]);
    const came: string[] = [];
    let over = false;
    const takenOver = sockets.takeOver((key) => came.push(key)).then(() => (over = true));
    expect([sockets.held.map(({ key }) => key), socket.polled, worker.accepts.size]).toEqual([['a#0'], true, 0]);
    socket.onconnection?.(0, { close: () => {} });
    expect([came, assign([worker])]).toEqual([['a'], [[]]]);
    await Promise.resolve();
    expect(over).toBe(false);
    sockets.forget(dying as unknown as WorkerHandle);
    sockets.released(worker as unknown as WorkerHandle, 'a', 0);
    await takenOver;
  });

  it('a new socket refuses connections until a worker accepts; a kept one never does', async () => {
    await sockets.listen(QUERY, 1);
    expect(sockets.accepting).toBe(false);
    sockets.accepted('a');
    expect(sockets.accepting).toBe(true);
    sockets.received('b#0', new FakeSocket());
    await sockets.listen({ ...QUERY, key: 'b' }, 1);
    expect(sockets.accepting).toBe(true);
  });

  it('does not wait if no worker accepts', async () => {
    await sockets.listen(QUERY, 2);
    await sockets.takeOver(() => {});
  });

  it('closes inherited sockets that no worker asks for', () => {
    const socket = new FakeSocket();
    sockets.received('b#0', socket);
    sockets.closeAllBut(new Set());
    expect([socket.closed, sockets.names.length > 0]).toEqual([true, false]);
  });
});
