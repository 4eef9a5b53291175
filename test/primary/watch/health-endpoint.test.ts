import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { HealthEndpoint, isReady, type ReadyFacts } from '../../../src/primary/watch/health-endpoint.ts';
import { request } from '../../helpers/http.ts';
import { freePort } from '../../helpers/ports.ts';

const READY: ReadyFacts = {
  app: 'api',
  ready: 2,
  instances: 2,
  readyMin: 1,
  unserved: [],
  stopping: false,
  generations: [{ generation: 5, slots: [0, 1], files: 'same' }],
};
const HOST = '127.0.0.1';
let facts: ReadyFacts;

function endpointOf(): HealthEndpoint {
  const endpoint = new HealthEndpoint(
    () => facts,
    async () => 'pid 7 (node old.js)',
  );
  onTestFinished(() => endpoint.close());
  return endpoint;
}

beforeEach(() => {
  facts = READY;
});

it.each([
  [{}, true],
  [{ ready: 1 }, true],
  [{ ready: 0 }, false],
  [{ ready: 1, readyMin: 2 }, false],
  [{ unserved: ['*:3000'] }, false],
  [{ stopping: true }, false],
])('with %j it is ready: %s', (changes, expected) => expect(isReady({ ...READY, ...changes })).toBe(expected));

it('answers /live always, /ready by the facts of the moment, and nothing else', async () => {
  const port = await freePort();
  await endpointOf().move({ host: HOST, port });
  const get = async (path: string): Promise<number> => (await fetch(`http://${HOST}:${port}${path}`)).status;
  expect([await get('/live'), await get('/ready?x=1'), await get('/')]).toEqual([200, 200, 404]);
  facts = { ...READY, stopping: true };
  expect([await get('/live'), await get('/ready')]).toEqual([200, 503]);
});

it('tells no name or number to a page of another host, and every status to a load balancer', async () => {
  const port = await freePort();
  await endpointOf().move({ host: HOST, port });
  const ask = async (path: string, host: string): Promise<object> => {
    const { body } = await request(path, { port, headers: { host } });
    return JSON.parse(body) as object;
  };
  expect(await ask('/ready', 'backend-pool')).toEqual({ status: 'ready' });
  expect(await ask('/live', 'backend-pool')).toEqual({ status: 'live' });
  expect(await ask('/ready', `${HOST}:${port}`)).toMatchObject({ status: 'ready', app: 'api', ready: 2 });
});

it('names the app and the address that cannot be had', async () => {
  const taken = createServer().listen(0, HOST);
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(endpointOf().move({ host: HOST, port })).rejects.toMatchObject({
    code: 'LB_ERR_LISTEN',
    details: { app: 'api', where: `${HOST}:${port}`, reason: 'the port is in use by pid 7 (node old.js)' },
  });
});
