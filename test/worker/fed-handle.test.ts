import { afterEach, expect, it, vi } from 'vitest';
import { FedHandle, type LentSocket } from '../../src/worker/fed-handle.ts';
import type { RawHandle } from '../../src/worker/node-internals.ts';

class FakeSocket implements LentSocket {
  backlog: number | null = null;
  closed = 0;
  onconnection?: (status: number, connection: RawHandle) => void;
  listen(backlog: number): number {
    this.backlog = backlog;
    return 0;
  }
  close(): void {
    this.closed++;
  }
}

const handles: FedHandle[] = [];
function handle(onClose = (): void => {}): FedHandle {
  const made = new FedHandle(onClose);
  handles.push(made);
  return made;
}
afterEach(() => {
  for (const made of handles.splice(0)) made.close();
});

it('returns the given address, and none for a Unix socket', () => {
  const out = {};
  const named = handle();
  named.name = { address: '::', family: 'IPv6', port: 3000 };
  expect(named.getsockname?.(out)).toBe(0);
  expect(out).toEqual({ address: '::', family: 'IPv6', port: 3000 });
  expect(handle().getsockname).toBeUndefined();
});

it('passes on connections of a lent socket, after calling `onAccepted`', () => {
  const fed = handle();
  const socket = new FakeSocket();
  const seen: unknown[] = [];
  fed.onconnection = (status, connection) => seen.push([status, connection]);
  fed.acceptFrom(socket, 511, () => seen.push('accepted'));
  const connection = {} as RawHandle;
  socket.onconnection?.(0, connection);
  expect([socket.backlog, seen]).toEqual([511, ['accepted', [0, connection]]]);
});

it('closes each lent socket once: when it is replaced, given back, or closed with the handle', () => {
  const onClose = vi.fn();
  const fed = handle(onClose);
  const [first, second, third] = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
  fed.acceptFrom(first, 1, () => {});
  fed.acceptFrom(second, 1, () => {});
  fed.acceptNothing();
  fed.acceptNothing();
  fed.acceptFrom(third, 1, () => {});
  fed.close();
  expect([first.closed, second.closed, third.closed]).toEqual([1, 1, 1]);
  expect(onClose).toHaveBeenCalledOnce();
});

it('keeps the process alive until it is closed, and calls back later', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const fed = handle();
  expect(vi.getTimerCount()).toBe(1);
  let done = false;
  fed.close(() => void (done = true));
  expect([vi.getTimerCount(), done]).toEqual([0, false]);
  vi.useRealTimers();
  await new Promise((resolve) => process.nextTick(resolve));
  expect(done).toBe(true);
});
