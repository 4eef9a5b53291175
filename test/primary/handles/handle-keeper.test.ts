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
  keeper = new HandleKeeper('api', link);
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
