import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { DaemonLink } from '../../src/primary/daemon-link.ts';
import type { FromPrimary, PrimarySettings } from '../../src/protocol/attach.ts';
import { makeEvent } from '../../src/protocol/event.ts';
import { ndjsonReader } from '../../src/protocol/ndjson.ts';
import { tempHome } from '../daemon/temp-home.ts';
import { waitFor } from '../helpers/wait.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A daemon that collects the messages of a primary. */
async function listen(path: string): Promise<{ heard: FromPrimary[]; cut: () => void }> {
  const heard: FromPrimary[] = [];
  const sockets: Socket[] = [];
  const server = createServer();
  servers.push(server);
  server.on('upgrade', (_, socket: Socket) => {
    sockets.push(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lb-attach\r\n\r\n');
    socket.on(
      'data',
      ndjsonReader(
        (message) => heard.push(message as FromPrimary),
        () => {},
      ),
    );
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    heard,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const event = (n: number): FromPrimary => ({ type: 'event', event: makeEvent('api', n, 'readmit', `event ${n}`) });
const numbers = (heard: readonly FromPrimary[]): (number | string)[] => heard.map((message) => (message.type === 'event' ? message.event.at : message.type));

it('keeps the newest 500 events, and nothing else, while the daemon is away', async () => {
  const socket = join(tempHome(), 'lb.sock');
  const link = new DaemonLink({ socket, foreground: true } as PrimarySettings, {
    hello: () => ({ type: 'pong', seq: 0 }),
    received: () => {},
    malformed: () => {},
    lost: () => {},
  });
  for (let n = 1; n <= 510; n++) link.send(event(n));
  link.send({ type: 'log', lines: [], dropped: 0 });
  const first = await listen(socket);
  link.dial();
  await waitFor('the events', () => first.heard.length > 500);
  expect(numbers(first.heard)).toEqual(['pong', ...Array.from({ length: 500 }, (_, index) => index + 11)]);
  first.cut();
  await waitFor('it to notice', () => link.busy);
  link.send(event(600));
  await waitFor('the next greeting', () => first.heard.length > 502);
  expect(numbers(first.heard.slice(501))).toEqual(['pong', 600]);
  await link.close();
});
