import { beforeEach, describe, expect, it } from 'vitest';
import { Lending, type LendableSocket } from '../../../src/primary/ingress/lending.ts';
import type { RawListener } from '../../../src/primary/handles/raw-handles.ts';
import type { WorkerHandle } from '../../../src/primary/workers/worker-handle.ts';

/** Accepts from the sockets it was lent. */
class FakeWorker {
  readonly slot: number;
  readonly keys = new Set(['a']);
  readonly accepts = new Set<string>();
  refuses = false;

  constructor(slot: number) {
    this.slot = slot;
  }
  readonly handOff = {
    lend: (key: string, _: RawListener, lost: () => void): void => {
      log.push(`${this.slot} gets ${key}`);
      if (this.refuses) lost();
      else this.accepts.add(key);
    },
  };
  readonly channel = {
    post: ({ key, on }: { key: string; on: boolean }): void => {
      log.push(`${this.slot} loses ${key}`);
      if (!on) this.accepts.delete(key);
    },
  };
}

const socketOf = (key: string): LendableSocket => ({ key, handle: { listen: () => 0, close: () => {} } });
const handleOf = (worker: FakeWorker): WorkerHandle => worker as unknown as WorkerHandle;

let log: string[];
let lendable: LendableSocket[];
let lending: Lending;
beforeEach(() => {
  log = [];
  lendable = [socketOf('a')];
  lending = new Lending(() => lendable);
});

const assign = (workers: readonly FakeWorker[], backups: readonly number[] = []): string[][] => {
  lending.assign({ members: workers.map(handleOf), isBackup: ({ slot }) => backups.includes(slot) });
  return workers.map(({ accepts }) => [...accepts].sort());
};

describe('Lending', () => {
  it('lends the socket to every worker, and to a new one before it takes it from one that leaves', () => {
    const [first, second, heir] = [new FakeWorker(0), new FakeWorker(1), new FakeWorker(2)];
    expect(assign([first, second])).toEqual([['a'], ['a']]);
    log = [];
    expect(assign([second, heir])).toEqual([['a'], ['a']]);
    expect([log, [...first.accepts]]).toEqual([['2 gets a', '0 loses a'], []]);
  });

  it('lends it to backups only if there is no other worker', () => {
    const [regular, backup] = [new FakeWorker(0), new FakeWorker(1)];
    expect(assign([regular, backup], [1])).toEqual([['a'], []]);
    expect(assign([backup], [1])).toEqual([['a']]);
    expect(assign([regular, backup], [1])).toEqual([['a'], []]);
  });

  it('lends no socket twice, and retries one that did not arrive', () => {
    const worker = new FakeWorker(0);
    worker.refuses = true;
    assign([worker]);
    worker.refuses = false;
    assign([worker]);
    assign([worker]);
    expect(log).toEqual(['0 gets a', '0 gets a']);
  });

  it('lends nothing to a worker that does not listen, and forgets an exited one', () => {
    const [deaf, worker] = [new FakeWorker(0), new FakeWorker(1)];
    deaf.keys.clear();
    expect(assign([deaf, worker])).toEqual([[], ['a']]);
    lending.forget(handleOf(worker));
    assign([]);
    expect(log).toEqual(['1 gets a']);
  });

  it('takes back all sockets that workers may no longer accept from', () => {
    const worker = new FakeWorker(0);
    assign([worker]);
    lendable = [];
    expect(assign([worker])).toEqual([[]]);
  });

  it('takes all back for good, and waits until no worker accepts', async () => {
    const [worker, dying] = [new FakeWorker(0), new FakeWorker(1)];
    assign([worker, dying]);
    let done = false;
    const taken = lending.takeAllBack().then(() => (done = true));
    expect([worker.accepts.size, assign([worker])]).toEqual([0, [[]]]);
    lending.forget(handleOf(dying));
    await Promise.resolve();
    expect(done).toBe(false);
    lending.returned(handleOf(worker), 'a');
    await taken;
  });

  it('does not wait if no worker accepts', () => lending.takeAllBack());
});
