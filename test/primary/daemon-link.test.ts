import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { DaemonLink } from '../../src/primary/daemon-link.ts';
import type { FromPrimary, PrimarySettings, ToPrimary } from '../../src/protocol/attach.ts';
import { makeEvent } from '../../src/protocol/event.ts';
import { ndjsonReader } from '../../src/protocol/ndjson.ts';
import { parseToPrimary } from '../../src/protocol/parse-to-primary.ts';
import { appName } from '../../src/protocol/parse-app-spec.ts';
import { attempt, integer, Malformed, object } from '../../src/protocol/parser.ts';
import { garbage } from '../protocol/garbage.ts';
import { TO_PRIMARY } from '../protocol/samples.ts';
import { tempHome } from '../daemon/temp-home.ts';
import { waitFor } from '../helpers/wait.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A daemon that collects the messages of a primary. */
async function listen(path: string): Promise<{ heard: FromPrimary[]; say: (text: string) => void; cut: () => void }> {
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
    say: (text) => {
      for (const socket of sockets) socket.write(text);
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const event = (n: number): FromPrimary => ({ type: 'event', app: 'api', event: makeEvent('api', n, 'readmit', `event ${n}`) });
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
  link.send({ type: 'log', app: 'api', lines: [], dropped: 0 });
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

it('whatever a daemon writes: one report of what is malformed, an answer to each order, and the next message is received', async () => {
  const socket = join(tempHome(), 'lb.sock');
  const values = fc.sample(garbage(TO_PRIMARY), 300);
  const wrong = values.filter((value) => attempt(() => parseToPrimary(value)) instanceof Malformed);
  const head = object<{ id: number; app: string }>({ id: integer(1), app: appName });
  const ids = wrong.flatMap((value) => {
    const order = attempt(() => head(value));
    return order instanceof Malformed ? [] : [order.id];
  });
  const problems: string[] = [];
  const received: ToPrimary[] = [];
  const daemon = await listen(socket);
  const link = new DaemonLink({ socket, foreground: true } as PrimarySettings, {
    hello: () => ({ type: 'pong', seq: 0 }),
    received: (message) => received.push(message),
    malformed: (problem) => problems.push(problem.message),
    lost: () => {},
  });
  link.dial();
  await waitFor('the connection', () => daemon.heard.length > 0);
  daemon.say([...values, { type: 'ping', seq: 4711 }].map((value) => `${JSON.stringify(value)}\n`).join(''));
  await waitFor('the last message', () => received.some((message) => message.type === 'ping' && message.seq === 4711));
  expect(received).toHaveLength(values.length - wrong.length + 1);
  expect(problems).toHaveLength(wrong.length);
  await waitFor('the answers', () => daemon.heard.length > ids.length);
  expect(daemon.heard.flatMap((message) => (message.type === 'failed' ? [message.id] : []))).toEqual(ids);
  void link.close();
});
