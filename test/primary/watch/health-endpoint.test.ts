import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HealthEndpoint, isReady, type ReadyFacts } from '../../../src/primary/watch/health-endpoint.ts';

const READY: ReadyFacts = { app: 'api', ready: 2, instances: 2, readyMin: 1, stopping: false };
let facts: ReadyFacts;
let endpoint: HealthEndpoint;
let taken: Server;
/** Ports of the machine's choice: one that is taken, and two that were free a moment ago. */
let ports: { readonly taken: number; readonly first: number; readonly second: number };

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const at = (port: number, host: string | null = '127.0.0.1'): { host: string | null; port: number } => ({ host, port });
const get = (port: number, path = '/ready', host = '127.0.0.1'): Promise<number> =>
  fetch(`http://${host}:${port}${path}`).then(
    ({ status }) => status,
    () => 0,
  );

beforeEach(async () => {
  facts = READY;
  endpoint = new HealthEndpoint(() => facts);
  taken = await listen();
  const free = [await listen(), await listen()] as const;
  ports = { taken: portOf(taken), first: portOf(free[0]), second: portOf(free[1]) };
  for (const server of free) server.close();
});
afterEach(() => {
  endpoint.close();
  taken.close();
});

it.each([
  [{}, true],
  [{ ready: 1 }, true],
  [{ ready: 0 }, false],
  [{ ready: 1, readyMin: 2 }, false],
  [{ stopping: true }, false],
])('with %j it is ready: %s', (changes, expected) => expect(isReady({ ...READY, ...changes })).toBe(expected));

it('answers /live always, /ready by the facts of the moment, and nothing else', async () => {
  await endpoint.move(at(ports.first));
  expect([await get(ports.first, '/live'), await get(ports.first, '/ready?x=1'), await get(ports.first, '/')]).toEqual([200, 200, 404]);
  facts = { ...READY, stopping: true };
  expect([await get(ports.first, '/live'), await get(ports.first)]).toEqual([200, 503]);
});

it('moves to another port, to another address of the same port, and away', async () => {
  await endpoint.move(at(ports.first));
  await endpoint.move(at(ports.second));
  expect([await get(ports.first), await get(ports.second)]).toEqual([0, 200]);
  await endpoint.move(at(ports.second, null));
  expect(await get(ports.second, '/ready', '127.0.0.2')).toBe(200);
  await endpoint.move(at(ports.second));
  expect([await get(ports.second, '/ready', '127.0.0.2'), await get(ports.second)]).toEqual([0, 200]);
  await endpoint.move(null);
  expect(await get(ports.second)).toBe(0);
});

it('stays where it is when the new port is taken, and says so', async () => {
  await endpoint.move(at(ports.first));
  await expect(endpoint.move(at(ports.taken))).rejects.toMatchObject({
    code: 'LB_ERR_HEALTH_PORT',
    message: expect.stringContaining(`127.0.0.1:${ports.taken}`) as string,
  });
  expect(await get(ports.first)).toBe(200);
});

it('stays where it is when the new address of its port cannot be had', async () => {
  await endpoint.move(at(ports.first));
  await expect(endpoint.move(at(ports.first, '192.0.2.1'))).rejects.toMatchObject({ code: 'LB_ERR_HEALTH_PORT' });
  expect(await get(ports.first)).toBe(200);
});

it('keeps trying, and tells of the first failure only', async () => {
  const failed = vi.fn();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), failed);
  vi.advanceTimersByTime(1_000);
  taken.close();
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(1_000);
    expect(await get(ports.taken)).toBe(200);
  });
  vi.useRealTimers();
  expect(failed).toHaveBeenCalledOnce();
});

it('gives up trying when it is to be where it is', async () => {
  await endpoint.move(at(ports.first));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await endpoint.keepTrying(at(ports.taken), () => {});
  await endpoint.keepTrying(at(ports.first), () => {});
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  expect(await get(ports.first)).toBe(200);
});
