import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { parseToWorker } from '../../src/protocol/parse-to-worker.ts';
import { attempt, Malformed } from '../../src/protocol/parser.ts';
import { MARK } from '../../src/protocol/worker.ts';
import { openChannel } from '../../src/worker/channel.ts';
import { garbage } from '../protocol/garbage.ts';
import { TO_WORKER } from '../protocol/samples.ts';

it('a malformed message is reported to the primary once, its handle closed, and the next one received', () => {
  const sent: unknown[] = [];
  const own = ['send', 'connected'].map((name) => [name, Object.getOwnPropertyDescriptor(process, name)] as const);
  const listeners = process.listeners('internalMessage' as 'message');
  Object.defineProperty(process, 'send', { value: (message: unknown) => sent.push(message), configurable: true });
  Object.defineProperty(process, 'connected', { value: true, configurable: true });
  try {
    const receiver = vi.fn();
    openChannel().onMessage(receiver);
    const receive = process.listeners('internalMessage' as 'message').find((one) => !listeners.includes(one)) as (message: unknown, handle?: unknown) => void;
    fc.assert(
      fc.property(garbage(TO_WORKER), (value) => {
        sent.length = 0;
        receiver.mockClear();
        const message = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, cmd: MARK } : value;
        const handle = { close: vi.fn() };
        receive(message, handle);
        const isOurs = typeof message === 'object' && message !== null && 'cmd' in message;
        const problem = attempt(() => parseToWorker(message));
        if (isOurs && problem instanceof Malformed) {
          expect(sent).toEqual([{ cmd: MARK, t: 'malformed', field: problem.path, problem: problem.message }]);
          expect(handle.close).toHaveBeenCalledTimes(1);
          expect(receiver).not.toHaveBeenCalled();
        } else expect(sent).toEqual([]);
        receive({ cmd: MARK, t: 'drain' });
        expect(receiver).toHaveBeenLastCalledWith({ cmd: MARK, t: 'drain' }, undefined);
      }),
    );
  } finally {
    for (const one of process.listeners('internalMessage' as 'message')) if (!listeners.includes(one)) process.off('internalMessage', one);
    for (const [name, descriptor] of own) {
      if (descriptor === undefined) Reflect.deleteProperty(process, name);
      else Object.defineProperty(process, name, descriptor);
    }
  }
});
