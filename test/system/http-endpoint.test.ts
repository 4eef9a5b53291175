import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LbError } from '../../src/errors/lb-error.ts';
import { HttpEndpoint, type ListenAddress } from '../../src/system/http-endpoint.ts';

let endpoint: HttpEndpoint;
let taken: Server;
/** Ports of the machine's choice: one that is taken, and two that were free a moment ago. */
let ports: { readonly taken: number; readonly first: number; readonly second: number };

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const at = (port: number, host: string | null = '127.0.0.1'): ListenAddress => ({ host, port });
const serves = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  fetch(`http://${host}:${port}`).then(
    ({ ok }) => ok,
    () => false,
  );

beforeEach(async () => {
  endpoint = new HttpEndpoint({
    holder: async ({ port }) => (port === ports.taken ? 'pid 7 (node old.js)' : null),
    serve: (_request, response) => response.end('here'),
    failure: ({ port }, reason) => new LbError('LB_ERR_METRICS_LISTEN', { where: port, reason }),
  });
  taken = await listen();
  const free = [await listen(), await listen()] as const;
  ports = { taken: portOf(taken), first: portOf(free[0]), second: portOf(free[1]) };
  for (const server of free) server.close();
});
afterEach(() => {
  vi.useRealTimers();
  endpoint.close();
  taken.close();
});

it('moves to another port, to another address of the same port, and away', async () => {
  await endpoint.move(at(ports.first));
  await endpoint.move(at(ports.second));
  expect([await serves(ports.first), await serves(ports.second)]).toEqual([false, true]);
  await endpoint.move(at(ports.second, null));
  expect(await serves(ports.second, '127.0.0.2')).toBe(true);
  await endpoint.move(at(ports.second));
  expect([await serves(ports.second, '127.0.0.2'), await serves(ports.second)]).toEqual([false, true]);
  await endpoint.move(null);
  expect([await serves(ports.second), endpoint.wanted]).toEqual([false, null]);
});

it('stays where it is when the new port is taken, and says so', async () => {
  await endpoint.move(at(ports.first));
  await expect(endpoint.move(at(ports.taken))).rejects.toMatchObject({ details: { where: ports.taken, reason: 'the port is in use by pid 7 (node old.js)' } });
  expect(await serves(ports.first)).toBe(true);
  expect([endpoint.wanted, endpoint.problem]).toEqual([at(ports.first), null]);
});

it('stays where it is when the new address of its port cannot be had', async () => {
  await endpoint.move(at(ports.first));
  await expect(endpoint.move(at(ports.first, '192.0.2.1'))).rejects.toMatchObject({ details: { reason: 'this machine has no such address' } });
  expect(await serves(ports.first)).toBe(true);
});

it('ends where the last of several moves leads, and serves nowhere else', async () => {
  await endpoint.move(at(ports.first));
  const failed = expect(endpoint.move(at(ports.first, '192.0.2.1'))).rejects.toThrow();
  await Promise.all([failed, endpoint.move(at(ports.second)), endpoint.move(at(ports.first)), endpoint.move(at(ports.second))]);
  expect([await serves(ports.first), await serves(ports.second)]).toEqual([false, true]);
});

it('keeps trying, serves where it was meanwhile, and reports the first failure only', async () => {
  const failed = vi.fn();
  await endpoint.move(at(ports.first));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), failed);
  expect([endpoint.wanted, endpoint.problem?.details['reason']]).toEqual([at(ports.taken), 'the port is in use by pid 7 (node old.js)']);
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
  expect(await serves(ports.first)).toBe(true);
  taken.close();
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(1_000);
    expect(await serves(ports.taken)).toBe(true);
  });
  expect([await serves(ports.first), endpoint.problem]).toEqual([false, null]);
  expect(failed).toHaveBeenCalledOnce();
});

it.each([
  ['moves where it is', (): Promise<void> => endpoint.move(at(ports.first))],
  ['is wanted where it is', (): Promise<void> => endpoint.keepTrying(at(ports.first), () => {})],
])('gives up trying when it %s', async (_, again) => {
  await endpoint.move(at(ports.first));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), () => {});
  await again();
  expect([vi.getTimerCount(), endpoint.wanted, endpoint.problem]).toEqual([0, at(ports.first), null]);
  expect(await serves(ports.first)).toBe(true);
});

it('drops an attempt that is overtaken', async () => {
  const failed = vi.fn();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await Promise.all([endpoint.keepTrying(at(ports.taken), failed), endpoint.keepTrying(at(ports.first), failed)]);
  expect([vi.getTimerCount(), endpoint.wanted, endpoint.problem]).toEqual([0, at(ports.first), null]);
  expect(failed).not.toHaveBeenCalled();
});

it('goes on trying when a move in between fails', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), () => {});
  await expect(endpoint.move(at(ports.first, '192.0.2.1'))).rejects.toThrow();
  expect([vi.getTimerCount(), endpoint.wanted]).toEqual([1, at(ports.taken)]);
});

it('ends when it is closed, even while it keeps trying or begins to listen', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), () => {});
  const moving = endpoint.move(at(ports.first));
  endpoint.close();
  expect(vi.getTimerCount()).toBe(0);
  await moving;
  expect(await serves(ports.first)).toBe(false);
});
