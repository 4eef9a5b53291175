import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandleLedger } from '../../../src/primary/workers/handle-ledger.ts';

type Done = (error: Error | null) => void;

const ACK = { cmd: 'NODE_HANDLE_ACK' };
const NACK = { cmd: 'NODE_HANDLE_NACK' };

class FakeChannel {
  readonly callbacks: Done[] = [];
  send(_message: unknown, _handle?: unknown, done?: unknown): boolean {
    if (typeof done === 'function') this.callbacks.push(done as Done);
    return true;
  }
}

function setUp() {
  const channel = new FakeChannel();
  const ledger = new HandleLedger(channel);
  const outcomes: string[] = [];
  const send = (name: string): void => ledger.send({}, {}, { taken: () => outcomes.push(`${name} taken`), lost: () => outcomes.push(`${name} lost`) });
  return { channel, ledger, outcomes, send };
}

describe('HandleLedger', () => {
  it('matches an acknowledgement or a refusal to the oldest handle', () => {
    const { ledger, outcomes, send } = setUp();
    ['a', 'b', 'c'].forEach(send);
    ledger.acknowledge(ACK);
    ledger.acknowledge(NACK);
    ledger.acknowledge(ACK);
    ledger.acknowledge(ACK);
    expect(outcomes).toEqual(['a taken', 'b lost', 'c taken']);
  });

  it('counts handles sent by others on the channel, but not messages without a handle', () => {
    const { channel, ledger, outcomes, send } = setUp();
    channel.send({ cmd: 'NODE_CLUSTER' }, {});
    channel.send('shutdown');
    channel.send({ t: 'count' }, undefined);
    send('a');
    ledger.acknowledge(ACK);
    expect(outcomes).toEqual([]);
    ledger.acknowledge(ACK);
    expect(outcomes).toEqual(['a taken']);
  });

  it('ignores every other message', () => {
    const { ledger, outcomes, send } = setUp();
    send('a');
    const others = [null, 'NODE_HANDLE_ACK', { cmd: 'NODE_LB' }, {}];
    expect([others.map((message) => ledger.acknowledge(message)), ledger.acknowledge(ACK), outcomes]).toEqual([
      [false, false, false, false],
      true,
      ['a taken'],
    ]);
  });

  it('reports only what could not be sent as lost', () => {
    const { channel, ledger, outcomes, send } = setUp();
    ['a', 'b'].forEach(send);
    channel.callbacks[0]?.(new Error('channel closed'));
    channel.callbacks[1]?.(null);
    ledger.acknowledge(ACK);
    expect(outcomes).toEqual(['a lost', 'b taken']);
  });

  it('reports each handle exactly once, whatever the order of events', () => {
    const steps = fc.array(fc.oneof(fc.constantFrom('send', 'ack', 'nack', 'abandon' as const), fc.nat(20)));
    fc.assert(
      fc.property(steps, (taken) => {
        const { channel, ledger, outcomes, send } = setUp();
        let sent = 0;
        for (const step of taken) {
          if (step === 'send') send(String(sent++));
          else if (step === 'ack') ledger.acknowledge(ACK);
          else if (step === 'nack') ledger.acknowledge(NACK);
          else if (step === 'abandon') ledger.abandon();
          else channel.callbacks[step]?.(new Error('channel closed'));
        }
        ledger.abandon();
        expect(outcomes.map((text) => Number(text.split(' ')[0])).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n));
      }),
    );
  });
});
