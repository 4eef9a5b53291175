import type { RequestListener, ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Drain } from '../../src/worker/drain.ts';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { drainOf, startTraffic } from './alone.ts';
import { openHttp, RawClient, until } from './open-server.ts';

let traffic: Traffic;
let drain: Drain;
let quiet: boolean;

beforeEach(() => {
  traffic = startTraffic();
  quiet = false;
  drain = drainOf(traffic, (isQuiet) => void (quiet ||= isQuiet));
});

const serve = async (listener: RequestListener): Promise<number> => {
  const { server, port } = await openHttp(listener);
  traffic.servers.watch(server as AnyServer);
  return port;
};
/** The values of all received `Connection` headers, in order. */
const connectionHeaders = ({ text }: RawClient): string[] => [...text.matchAll(/^connection: (.*?)\r$/gim)].map(([, value]) => value?.toLowerCase() ?? '');

const ways: [string, (response: ServerResponse) => void][] = [
  ['setHeader', (response) => response.setHeader('Connection', 'keep-alive').end('whole')],
  ['setHeader and writeHead', (response) => response.setHeader('connection', 'keep-alive').writeHead(200, { 'x-a': 'b' }).end('whole')],
  [
    'setHeader and flushHeaders',
    (response) => {
      response.setHeader('Connection', 'keep-alive');
      response.flushHeaders();
      response.end('whole');
    },
  ],
  ['writeHead', (response) => response.writeHead(200, { connection: 'keep-alive', 'x-a': 'b' }).end('whole')],
  ['writeHead with a reason', (response) => response.writeHead(200, 'Fine', { Connection: 'Keep-Alive', 'x-a': 'b' }).end('whole')],
  ['writeHead with a flat list', (response) => response.writeHead(200, ['Connection', 'keep-alive', 'x-a', 'b']).end('whole')],
  ['setHeader and writeHead, both', (response) => response.setHeader('Connection', 'keep-alive').writeHead(200, { connection: 'keep-alive' }).end('whole')],
  ['nothing of its own', (response) => response.end('whole')],
  ['close', (response) => response.setHeader('Connection', 'close').end('whole')],
];

describe("an app's own Connection header while draining", () => {
  it.each(ways)('becomes close, and the connection is closed: %s', async (_, answer) => {
    const port = await serve((_request, response) => answer(response));
    const client = new RawClient(port);
    await until(() => traffic.connections === 1);
    drain.begin();
    client.get();
    await client.ended;
    expect(client.text).toContain('HTTP/1.1 200');
    expect(client.text).toContain('whole');
    expect(connectionHeaders(client)).toEqual(['close']);
    if (String(answer).includes('x-a')) expect(client.text).toContain('x-a: b\r\n');
    expect(client.text.toLowerCase()).not.toContain('keep-alive');
    await until(() => quiet);
  });

  it.each(ways)('becomes close for a request that was in flight when the drain began: %s', async (_, answer) => {
    const held: ServerResponse[] = [];
    const port = await serve((_request, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    drain.begin();
    for (const response of held) answer(response);
    await client.ended;
    expect(client.text).toContain('whole');
    expect(connectionHeaders(client)).toEqual(['close']);
    await until(() => quiet);
  });

  it.each(ways.slice(0, 7))('is unchanged before the drain: %s', async (_, answer) => {
    const port = await serve((_request, response) => answer(response));
    const client = new RawClient(port);
    client.get();
    await client.has('whole');
    expect(connectionHeaders(client)[0]).toBe('keep-alive');
    expect(client.socket.destroyed).toBe(false);
  });
});

describe('pipelined requests while draining', () => {
  const three = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
  const bodies = (client: RawClient): string[] => client.text.match(/answer\/\d/g) ?? [];
  const finish = (response: ServerResponse): void => void response.end(`answer${response.req.url}`);
  const expectAll = (client: RawClient): void => {
    expect(bodies(client)).toEqual(['answer/1', 'answer/2', 'answer/3']);
    expect(connectionHeaders(client)).toEqual(['keep-alive', 'keep-alive', 'close']);
  };

  it.each([
    ['in order', [0, 1, 2]],
    ['the last one first', [2, 1, 0]],
  ])('are all answered, and the last response closes the connection: %s', async (_, order) => {
    const held: ServerResponse[] = [];
    const client = new RawClient(await serve((_request, response) => held.push(response)));
    drain.begin();
    client.socket.write(three);
    await until(() => held.length === 3);
    for (const i of order) if (held[i] !== undefined) finish(held[i]);
    await client.ended;
    expectAll(client);
    await until(() => quiet);
  });

  it('are all answered if the drain begins after they arrived', async () => {
    const held: ServerResponse[] = [];
    const client = new RawClient(await serve((_request, response) => held.push(response)));
    client.socket.write(three);
    await until(() => held.length === 3);
    drain.begin();
    held.forEach(finish);
    await client.ended;
    expectAll(client);
    await until(() => quiet);
  });

  it('are all answered if the drain begins between them', async () => {
    const held: ServerResponse[] = [];
    const client = new RawClient(await serve((_request, response) => held.push(response)));
    client.get('/1');
    await until(() => held.length === 1);
    drain.begin();
    client.get('/2');
    client.get('/3');
    await until(() => held.length === 3);
    held.forEach(finish);
    await client.ended;
    expectAll(client);
  });

  it('are all answered by an app that responds asynchronously', async () => {
    const client = new RawClient(await serve((_request, response) => void setImmediate(finish, response)));
    drain.begin();
    client.socket.write(three);
    await client.ended;
    expectAll(client);
  });

  it('are all answered by an app that responds synchronously', async () => {
    const client = new RawClient(await serve((_request, response) => finish(response)));
    drain.begin();
    client.socket.write(three);
    await client.ended;
    expectAll(client);
    await until(() => quiet);
  });
});
