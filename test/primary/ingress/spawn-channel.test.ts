import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { SpawnChannel } from '../../../src/primary/ingress/spawn-channel.ts';
import { parseSpawnChannelMessage } from '../../../src/protocol/parse-spawn-channel.ts';
import { attempt, Malformed } from '../../../src/protocol/parser.ts';
import { garbage } from '../../protocol/garbage.ts';
import { SPAWN_CHANNEL } from '../../protocol/samples.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What the channel does with the messages of its daemon. */
function opened(count: number): { say: (message: unknown, handle?: unknown) => void; received: Promise<void>; onSocket: () => void; onMalformed: () => void } {
  let say: (message: unknown, handle?: unknown) => void = () => expect.unreachable();
  vi.stubGlobal('process', {
    send: () => true,
    connected: true,
    on: (_: string, listener: typeof say) => (say = listener),
    once: () => {},
  });
  const onSocket = vi.fn();
  const onMalformed = vi.fn();
  const received = new SpawnChannel().receive(count, onSocket, onMalformed);
  return { say, received, onSocket, onMalformed };
}

it('reports a malformed message once, closes its handle, and receives the next one', () => {
  fc.assert(
    fc.property(garbage(SPAWN_CHANNEL), (value) => {
      const { say, onSocket, onMalformed } = opened(0);
      const handle = { close: vi.fn(), listen: () => 0 };
      say(value, handle);
      const isMalformed = attempt(() => parseSpawnChannelMessage(value, handle)) instanceof Malformed;
      expect(onMalformed).toHaveBeenCalledTimes(isMalformed ? 1 : 0);
      expect(handle.close).toHaveBeenCalledTimes(isMalformed ? 1 : 0);
      say({ lb: 'keep', app: 'api', key: 'k', name: null }, handle);
      expect(onSocket).toHaveBeenLastCalledWith('api', 'k', handle, null);
    }),
  );
});

it('does not wait for a kept socket that came malformed', async () => {
  const { say, received, onSocket } = opened(2);
  say({ lb: 'keep' }, {});
  say({ lb: 'keep', app: 'api', key: 'k', name: null }, { close: () => {}, listen: () => 0 });
  await received;
  expect(onSocket).toHaveBeenCalledTimes(1);
});
