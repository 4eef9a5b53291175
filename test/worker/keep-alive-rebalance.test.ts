import type { RequestListener, Server, ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AnyServer } from '../../src/worker/node-internals.ts';
import { KeepAliveRebalance } from '../../src/worker/keep-alive-rebalance.ts';
import type { Traffic } from '../../src/worker/traffic.ts';
import { drainOf, startTraffic } from './alone.ts';
import { openHttp, RawClient, until } from './open-server.ts';

let traffic: Traffic;
let rebalance: KeepAliveRebalance;

beforeEach(() => {
  traffic = startTraffic();
  rebalance = new KeepAliveRebalance(traffic);
});

const serve = async (listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> => {
  const opened = await openHttp(listener);
  traffic.servers.watch(opened.server as AnyServer);
  return opened;
};

/** Connections that have received a response. */
async function keptClients(port: number, count: number): Promise<RawClient[]> {
  const clients = Array.from({ length: count }, () => new RawClient(port));
  for (const client of clients) client.get();
  for (const client of clients) await client.has('hi');
  return clients;
}

async function ask(client: RawClient): Promise<string> {
  client.text = '';
  client.get();
  await client.has('hi');
  return client.text;
}

describe('KeepAliveRebalance', () => {
  it('closes as many as ordered over a second, each after a complete response, and then removes its hook', async () => {
    const now = performance.now.bind(performance);
    let ahead = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    onTestFinished(() => clock.mockRestore());
    const { port } = await serve((_, response) => response.end('hi'));
    const clients = await keptClients(port, 4);
    expect(traffic.kept()).toBe(4);
    rebalance.order(2);
    const answers: string[] = [];
    for (const [i, client] of clients.entries()) {
      if (i > 1) ahead += 500;
      answers.push(await ask(client));
    }
    expect(answers.map((text) => /Connection: (.*)\r/.exec(text)?.[1])).toEqual(['close', 'keep-alive', 'close', 'keep-alive']);
    await Promise.all([clients[0]?.ended, clients[2]?.ended]);
    await until(() => traffic.servers.onRequest === null);
    expect(traffic.kept()).toBe(2);
  });

  it('starts with the requests in flight', async () => {
    const held: ServerResponse[] = [];
    const { port } = await serve((_, response) => held.push(response));
    const client = new RawClient(port);
    client.get();
    await until(() => held.length === 1);
    rebalance.order(1);
    held[0]?.end('whole');
    await client.ended;
    expect(client.text).toContain('Connection: close');
    expect(client.text).toContain('whole');
  });

  it('leaves idle connections open, and a new order replaces the last one', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const [client] = await keptClients(port, 1);
    rebalance.order(1);
    rebalance.order(0);
    expect(traffic.servers.onRequest).toBeNull();
    expect(await ask(client as RawClient)).toContain('Connection: keep-alive');
  });

  it('answers all pipelined requests of a client, and closes after the last', async () => {
    const { port } = await serve((_, response) => setTimeout(() => response.end('hi'), 5));
    const client = new RawClient(port);
    rebalance.order(1);
    client.socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.ended;
    expect(client.text.match(/200 OK/g)).toHaveLength(3);
    expect(client.text.match(/Connection: close/g)).toHaveLength(1);
  });

  it('does not count connections that close anyway, nor streams', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/stream') response.write('event');
      else response.end('hi');
    });
    const stream = new RawClient(port);
    stream.get('/stream');
    await stream.has('event');
    rebalance.order(1);
    const once = new RawClient(port);
    once.get('/', 'Connection: close\r\n');
    await once.ended;
    expect(traffic.servers.onRequest, 'the order is not used up').not.toBeNull();
    expect(stream.socket.destroyed).toBe(false);
    const [client] = await keptClients(port, 1);
    expect(client?.text).toContain('Connection: close');
  });

  it('does not interfere with a drain', async () => {
    const { port } = await serve((_, response) => response.end('hi'));
    const [client] = await keptClients(port, 1);
    rebalance.order(1);
    drainOf(traffic, () => {}).begin();
    rebalance.order(0);
    expect(await ask(client as RawClient)).toContain('Connection: close');
  });
});
