import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HandleKeeper, type HandleLink } from '../../../src/primary/handles/handle-keeper.ts';

const handle = { listen: () => 0, close: () => {} };
const socket = (key: string): { key: string; handle: typeof handle; name: null } => ({ key, handle, name: null });

let link: HandleLink & { attached: boolean };
let sent: string[];
let keeper: HandleKeeper;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  link = {
    attached: false,
    send: (message, given) => sent.push(`${message.type} ${'key' in message ? message.key : message.origin.pid}${given === undefined ? '' : ' +'}`),
  };
  keeper = new HandleKeeper('api', link, true);
});
afterEach(() => {
  vi.useRealTimers();
});

it('gives each daemon everything, and what comes later as it comes', () => {
  keeper.keep(socket('a'));
  keeper.keepOutput({ slot: 0, pid: 7, stream: 'out' }, {});
  expect([sent, keeper.complete]).toEqual([[], false]);
  for (let daemon = 1; daemon <= 2; daemon++) {
    link.attached = true;
    keeper.attached([socket('a'), socket('b')], [{ origin: { slot: 0, pid: 7, stream: 'out' }, handle: {} }]);
    expect([sent.splice(0), keeper.complete]).toEqual([['keep a +', 'keep b +', 'keep-output 7 +'], true]);
    link.attached = false;
    keeper.detached();
    expect(keeper.complete).toBe(false);
  }
  link.attached = true;
  keeper.keep(socket('c'));
  keeper.dropOutput({ slot: 0, pid: 7, stream: 'out' });
  expect(sent).toEqual(['keep c +', 'drop-output 7']);
});

it('is not complete while the daemon could not keep one of the open sockets', () => {
  link.attached = true;
  keeper.attached([socket('a'), socket('b')], []);
  keeper.dropped('a');
  expect(keeper.complete).toBe(false);
  keeper.dropped('unknown');
  void keeper.drop('a');
  expect(keeper.complete).toBe(true);
  keeper.dropped('b');
  keeper.keep(socket('b'));
  expect(keeper.complete).toBe(true);
});

it.each<readonly [string, () => void]>([
  ['its daemon has closed the duplicate', () => keeper.dropped('a')],
  ['its daemon is gone', () => keeper.detached()],
  ['its daemon does not answer', () => vi.advanceTimersByTime(500)],
])('a socket is dropped when %s', async (_, happens) => {
  link.attached = true;
  keeper.attached([socket('a')], []);
  const both = [keeper.drop('a'), keeper.drop('a')];
  expect(sent).toEqual(['keep a +', 'drop a']);
  let done = false;
  void Promise.all(both).then(() => (done = true));
  await vi.advanceTimersByTimeAsync(499);
  expect(done).toBe(false);
  happens();
  await Promise.all(both);
  keeper.dropped('a');
  expect(keeper.complete).toBe(true);
});

it('without a daemon, nobody holds a duplicate', async () => {
  await keeper.drop('a');
  expect(sent).toEqual([]);
});

it('asks the daemon for a port that this user may not open, and waits for the answer', async () => {
  const query = { key: 'a', address: null, port: 80, addressType: 4, flags: 0, backlog: null, readableAll: false, writableAll: false, kind: 'tcp' } as const;
  const EACCES = -13;
  expect(await keeper.bind(query), 'without a daemon').toBe(EACCES);
  link.attached = true;
  const asked = [keeper.bind(query), keeper.bind({ ...query, key: 'b' }), keeper.bind({ ...query, key: 'c' })];
  expect(sent).toEqual(['bind a', 'bind b', 'bind c']);
  keeper.bound('a', 0);
  keeper.bound('b', -98);
  await vi.runAllTimersAsync();
  expect(await Promise.all(asked), 'the last one got no answer').toEqual([0, -98, EACCES]);
  expect(await keeper.bind({ ...query, key: '/run/x', address: '/run/x', port: null, addressType: -1 }), 'no Unix socket').toBe(EACCES);
  expect(await new HandleKeeper('api', link, false).bind(query), 'of the user of the daemon').toBe(EACCES);
  expect(sent).toHaveLength(3);
});
