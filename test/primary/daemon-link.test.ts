import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { DaemonLink, type LinkEvents } from '../../src/primary/daemon-link.ts';
import type { FromPrimary, PrimarySettings, ToPrimary } from '../../src/protocol/attach.ts';
import { makeEvent } from '../../src/protocol/event.ts';
import { ndjson, ndjsonReader } from '../../src/protocol/ndjson.ts';
import { parseToPrimary } from '../../src/protocol/parse-to-primary.ts';
import { appName } from '../../src/protocol/parse-app-spec.ts';
import { bringsHandle } from '../../src/protocol/parse-handles.ts';
import { attempt, integer, Malformed, object } from '../../src/protocol/parser.ts';
import { createToken, descriptorOf, HandleChannel, listenForChannels } from '../../src/system/handle-channel.ts';
import { garbage } from '../protocol/garbage.ts';
import { TO_PRIMARY } from '../protocol/samples.ts';
import { tempHome } from '../daemon/temp-home.ts';
import { waitFor } from '../helpers/wait.ts';
import { HELLO } from '../protocol/samples.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface FakeDaemon {
  readonly heard: FromPrimary[];
  say(text: string): void;
  cut(): void;
}

/** A daemon that accepts a primary and collects its messages. */
async function listen(path: string, welcome = true): Promise<FakeDaemon> {
  const heard: FromPrimary[] = [];
  const channels: HandleChannel[] = [];
  const server = await listenForChannels(path, (channel) => {
    const token = createToken();
    channels.push(channel);
    channel.write(ndjson({ type: 'challenge' }), token?.handle);
    channel.onData(
      ndjsonReader(
        (raw) => {
          const message = raw as FromPrimary;
          heard.push(message);
          if (message.type !== 'hello') return;
          expect(descriptorOf('self', message.proof ?? -1)).toBe(token?.inode ?? null);
          token?.handle.close();
          if (welcome) channel.write(ndjson({ type: 'welcome' }));
        },
        () => {},
      ),
    );
  });
  servers.push(server);
  return {
    heard,
    say: (text) => {
      for (const channel of channels) channel.write(text);
    },
    cut: () => {
      for (const channel of channels) channel.destroy();
    },
  };
}

function linkTo(attach: string, events: Partial<LinkEvents> = {}): DaemonLink {
  return new DaemonLink(
    { home: dirname(attach), foreground: true } as PrimarySettings,
    {
      hello: (proof) => ({ ...HELLO, proof }),
      attached: () => {},
      received: () => {},
      malformed: () => {},
      lost: () => {},
      unstarted: () => {},
      ...events,
    },
    { path: () => '/program' },
  );
}

const event = (n: number): FromPrimary => ({ type: 'event', app: 'api', event: makeEvent('api', n, 'readmit', `event ${n}`) });
const numbers = (heard: readonly FromPrimary[]): (number | string)[] => heard.map((message) => (message.type === 'event' ? message.event.at : message.type));

it('keeps the newest 500 events, and nothing else, while the daemon is away', async () => {
  const socket = join(tempHome(), 'attach.sock');
  const link = linkTo(socket);
  for (let n = 1; n <= 510; n++) link.send(event(n));
  link.send({ type: 'log', app: 'api', lines: [], dropped: 0 });
  const first = await listen(socket);
  link.dial();
  await waitFor('the events', () => first.heard.length > 500);
  expect(numbers(first.heard)).toEqual(['hello', ...Array.from({ length: 500 }, (_, index) => index + 11)]);
  first.cut();
  await waitFor('it to notice', () => link.busy);
  link.send(event(600));
  await waitFor('the next greeting', () => first.heard.length > 502);
  expect(numbers(first.heard.slice(501))).toEqual(['hello', 600]);
  await link.close();
});

it('whatever a daemon writes: one report of what is malformed, an answer to each order, and the next message is received', async () => {
  const socket = join(tempHome(), 'attach.sock');
  // What comes with a handle is malformed without one; a challenge and a welcome are for the link itself.
  const values = fc.sample(garbage(TO_PRIMARY.filter((message) => !bringsHandle(message) && message.type !== 'welcome')), 300);
  const wrong = values.filter((value) => attempt(() => parseToPrimary(value)) instanceof Malformed);
  const head = object<{ id: number; app: string }>({ id: integer(1), app: appName });
  const ids = wrong.flatMap((value) => {
    const order = attempt(() => head(value));
    return order instanceof Malformed ? [] : [order.id];
  });
  const problems: string[] = [];
  const received: ToPrimary[] = [];
  const daemon = await listen(socket);
  const link = linkTo(socket, { received: (message) => received.push(message), malformed: (problem) => problems.push(problem.message) });
  link.dial();
  await waitFor('the welcome', () => link.attached);
  daemon.say([...values, { type: 'ping', seq: 4711 }].map((value) => `${JSON.stringify(value)}\n`).join(''));
  await waitFor('the last message', () => received.some((message) => message.type === 'ping' && message.seq === 4711));
  expect(received).toHaveLength(values.length - wrong.length + 1);
  expect(problems).toHaveLength(wrong.length);
  await waitFor('the answers', () => daemon.heard.length > ids.length);
  expect(daemon.heard.flatMap((message) => (message.type === 'failed' ? [message.id] : []))).toEqual(ids);
  void link.close();
});

it('asks a daemon again that takes its time, and does not hold its end meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const socket = join(tempHome(), 'attach.sock');
  const daemon = await listen(socket, false);
  const lost = vi.fn();
  const link = linkTo(socket, { lost });
  link.dial();
  const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (daemon.heard.length === 0) await turn();
  const proof = daemon.heard[0]?.type === 'hello' ? daemon.heard[0].proof : null;
  expect([link.attached, link.busy]).toEqual([false, true]);
  const held = descriptorOf('self', proof ?? -1);
  vi.advanceTimersByTime(5_000);
  for (let n = 0; n < 20; n++) await turn();
  expect(descriptorOf('self', proof ?? -1)).not.toBe(held);
  vi.advanceTimersByTime(250);
  while (daemon.heard.length < 2) await turn();
  expect(lost).not.toHaveBeenCalled();
  void link.close();
});
