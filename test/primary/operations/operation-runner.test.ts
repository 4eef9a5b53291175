import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import type { OperationName } from '../../../src/lifecycle/operation-name.ts';
import { OperationRunner, type OperationClient } from '../../../src/primary/operations/operation-runner.ts';
import type { Operation, Outcome } from '../../../src/primary/operations/operation.ts';
import type { ProgressRecord } from '../../../src/protocol/control.ts';

/** An operation that ends on demand. */
class FakeOperation implements Operation {
  readonly kind: OperationName;
  onlyDrains = false;
  outcome: Outcome | null = null;
  began = 0;

  constructor(kind: OperationName) {
    this.kind = kind;
  }

  besideDrains(): boolean {
    return besideDrains;
  }

  begin(): void {
    this.began++;
  }

  step(): Outcome | null {
    return this.outcome;
  }

  holds(slot: number): boolean {
    return slot === 1;
  }

  claims(): boolean {
    return true;
  }

  failed(): void {}

  abort(reason: string): void {
    this.outcome = { ok: false, error: new LbError('LB_ERR_ABORTED', { operation: this.kind, app: 'api', reason }) };
  }
}

class FakeClient implements OperationClient {
  readonly records: ProgressRecord[] = [];
  readonly outcomes: Outcome[] = [];

  progress(record: ProgressRecord): void {
    this.records.push(record);
  }

  done(outcome: Outcome): void {
    this.outcomes.push(outcome);
  }
}

const fail = (): never => expect.unreachable('no operation');
const success: Outcome = { ok: true, message: 'done' };
let finished: string[];
let besideDrains: boolean;
let operations: FakeOperation[];
let runner: OperationRunner;
const wake = vi.fn();

beforeEach(() => {
  wake.mockClear();
  finished = [];
  besideDrains = false;
  operations = [];
  runner = new OperationRunner({ app: 'api', onBegun: () => {}, onFinished: (kind, outcome) => finished.push(`${kind} ${outcome.ok}`), wake });
});

function submit(kind: OperationName, joinable = false): FakeClient {
  const client = new FakeClient();
  const create = (): Operation => {
    const operation = new FakeOperation(kind);
    operations.push(operation);
    return operation;
  };
  runner.submit(kind, joinable, create, client);
  return client;
}

function end(index: number, outcome: Outcome = success): void {
  const operation = operations[index];
  if (operation !== undefined) operation.outcome = outcome;
  runner.step();
}

describe('OperationRunner', () => {
  it('begins in the loop, not on submission, and answers once at the end', () => {
    const client = submit('reload');
    expect([operations.length, runner.current, wake.mock.calls.length]).toEqual([0, null, 1]);
    runner.step();
    runner.step();
    expect(operations.map(({ began }) => began)).toEqual([1]);
    expect(runner.current).toMatchObject({ kind: 'reload' });
    end(0);
    expect([client.outcomes, finished, runner.current]).toEqual([[success], ['reload true'], null]);
  });

  it('runs one operation at a time, in order, and creates each when its turn comes', () => {
    const clients = [submit('reload'), submit('scale'), submit('restart')];
    runner.step();
    expect([operations.length, runner.waiting]).toEqual([1, ['scale', 'restart']]);
    expect(clients[1]?.records).toMatchObject([{ step: 'queued', operation: 'scale' }]);
    end(0);
    expect([operations.length, runner.current?.kind]).toEqual([2, 'scale']);
    end(1);
    end(2);
    expect(finished).toEqual(['reload true', 'scale true', 'restart true']);
    expect(clients.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1]);
  });

  it('reports progress and outcome to clients that joined', () => {
    const first = submit('reload', true);
    runner.step();
    const second = submit('reload', true);
    const third = submit('reload', true);
    expect(third.records).toMatchObject([{ step: 'queued', message: 'api: joined the reload that is already waiting' }]);
    runner.progress('note', 'of the first');
    end(0);
    runner.progress('note', 'of the second');
    end(1);
    expect(operations).toHaveLength(2);
    const messages = ({ records }: FakeClient): string[] => records.filter(({ step }) => step === 'note').map(({ message }) => message);
    expect([first, second, third].map(messages)).toEqual([['of the first'], ['of the second'], ['of the second']]);
    expect([first, second, third].map(({ outcomes }) => outcomes)).toEqual([[success], [success], [success]]);
  });

  it('drops everything for a stop, and informs all clients', () => {
    const dropped = [submit('reload', true), submit('scale')];
    runner.step();
    dropped.push(submit('restart'));
    const stop = submit('stop');
    for (const { outcomes } of dropped) {
      expect(outcomes).toMatchObject([{ ok: false, error: { code: 'LB_ERR_ABORTED', details: { reason: 'the app is being stopped' } } }]);
    }
    runner.step();
    expect([runner.current?.kind, runner.waiting]).toEqual(['stop', []]);
    end(1);
    expect(stop.outcomes).toEqual([success]);
    expect(finished).toEqual(['stop true']);
  });

  it('lets those pass that take nothing from drains, when only drains are left', () => {
    const reload = submit('reload');
    const recycle = submit('recycle');
    const second = submit('reload');
    runner.step();
    expect(operations).toHaveLength(1);
    (operations[0] ?? fail()).onlyDrains = true;
    besideDrains = true;
    runner.step();
    expect([runner.current?.kind, operations.length]).toEqual(['recycle', 2]);
    runner.progress('note', 'of the recycle');
    runner.progress('draining', 'of both', { state: 'draining', self: { blockers: null } } as never);
    expect(reload.records.map(({ message }) => message)).toEqual(['of both']);
    expect(recycle.records.map(({ message }) => message)).toContain('of the recycle');
    besideDrains = false;
    end(1);
    expect([recycle.outcomes, reload.outcomes, runner.current?.kind]).toEqual([[success], [], 'reload']);
    end(0);
    expect([reload.outcomes, operations.map(({ began }) => began)]).toEqual([[success], [1, 1, 1]]);
    expect(second.outcomes).toEqual([]);
  });

  it('a stop drops those that wait for their drains too', () => {
    const reload = submit('reload');
    runner.step();
    (operations[0] ?? fail()).onlyDrains = true;
    besideDrains = true;
    const scale = submit('scale');
    runner.step();
    expect(runner.current?.kind).toBe('scale');
    submit('stop');
    for (const { outcomes } of [reload, scale]) expect(outcomes).toMatchObject([{ ok: false, error: { code: 'LB_ERR_ABORTED' } }]);
    runner.step();
    expect([runner.current?.kind, finished]).toEqual(['stop', []]);
  });

  it('aborts the running operation, not the waiting ones', () => {
    const client = submit('reload');
    submit('scale');
    expect(runner.abort('too early')).toBe(false);
    runner.step();
    expect(runner.abort('the operator aborted it')).toBe(true);
    runner.step();
    expect(client.outcomes).toMatchObject([{ ok: false, error: { code: 'LB_ERR_ABORTED' } }]);
    expect(runner.current?.kind).toBe('scale');
  });

  it('holds and claims for the running operation only', () => {
    const worker = {} as never;
    submit('reload');
    expect([runner.holds(1), runner.claims(worker)]).toEqual([false, false]);
    runner.step();
    expect([runner.holds(1), runner.holds(0), runner.claims(worker)]).toEqual([true, false, true]);
  });

  it('reports no progress while nothing runs', () => {
    const client = submit('reload');
    runner.progress('note', 'too early');
    runner.step();
    end(0);
    runner.progress('note', 'too late');
    expect(client.records).toEqual([]);
  });
});
