import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { AppView } from '../../src/daemon/app-view.ts';
import { EventLog } from '../../src/daemon/event-log.ts';
import { Live } from '../../src/daemon/live.ts';
import type { Registry } from '../../src/daemon/registry.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import type { LogLine, LogMessage } from '../../src/protocol/control.ts';
import { app } from '../client/samples.ts';
import { waitFor } from '../helpers/wait.ts';
import { tempHome } from './temp-home.ts';

let looks = 0;
let live: Live;
let events: EventLog;
/** Of the only app. */
let handle: { readonly name: string; view: Pick<AppView, 'tail' | 'follow'> };
let server: Server;
let socket: string;

beforeEach(async () => {
  looks = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const home = tempHome();
  handle = { name: 'api', view: { tail: () => Promise.resolve([]), follow: () => Promise.resolve() } };
  const registry = { snapshots: () => Promise.resolve([app({ restarts: ++looks })]), get: () => handle, all: [handle] } as unknown as Registry;
  events = new EventLog({ path: join(home, 'events.ndjson'), log: () => {}, reports: new Unwritten(() => {}) });
  live = new Live(() => registry, events);
  server = createServer().on('upgrade', (request, stream, head) => void live.accept(request, stream as never, head, new URL(request.url ?? '', 'http://lb')));
  socket = join(home, 'lb.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

afterEach(() => {
  vi.useRealTimers();
  server.close();
});

/** A reader of the stats; `heard` are the numbers of the looks it was sent. */
async function reader(): Promise<{ heard: number[]; close: () => Promise<void> }> {
  const heard: number[] = [];
  const client = new WebSocket(`ws+unix:${socket}:/v1/stats`);
  client.on('message', (data) => heard.push((JSON.parse(String(data)) as { apps: { restarts: number }[] }).apps[0]?.restarts ?? 0));
  await waitFor('the first stats', () => heard.length === 1);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      client.once('close', () => resolve());
      client.close();
    });
  return { heard, close };
}

it('looks at the apps once a second for all who read the stats, and no more when nobody does', async () => {
  const first = await reader();
  const second = await reader();
  expect([first.heard, second.heard]).toEqual([[1], [2]]);
  for (const look of [3, 4]) {
    vi.advanceTimersByTime(1_000);
    await waitFor('the next stats', () => first.heard.at(-1) === look && second.heard.at(-1) === look);
  }
  await first.close();
  await waitFor('one reader to be left', () => vi.getTimerCount() === 1);
  vi.advanceTimersByTime(1_000);
  await waitFor('the next stats', () => second.heard.at(-1) === 5);
  await second.close();
  await waitFor('nobody to look any more', () => vi.getTimerCount() === 0);
  expect(first.heard).toEqual([1, 3, 4]);
  expect(looks).toBe(5);
});

it('tells the lines from before first, and loses none that are written meanwhile', async () => {
  const line = (at: number): LogLine => ({ at, app: 'api', slot: 0, pid: 1, stream: 'out', text: `line ${at}` });
  const asked: string[] = [];
  let tell = (_lines: readonly LogLine[]): void => {};
  let answered: (() => void) | undefined;
  const follow = (): Promise<void> => Promise.resolve(void asked.push('follow'));
  const tail: AppView['tail'] = (_, onAnswer) => {
    asked.push('tail');
    answered = onAnswer;
    return new Promise((resolve) => (tell = resolve));
  };
  handle.view = { follow, tail };
  const heard: number[] = [];
  const client = new WebSocket(`ws+unix:${socket}:/v1/logs?app=api&lines=2`);
  client.on('message', (data) => {
    const message = JSON.parse(String(data)) as LogMessage;
    if (message.type === 'line') heard.push(message.line.at);
  });
  await waitFor('both orders', () => asked.length === 2);
  // Sent before the answer, so it is in it too.
  live.logs('api', [line(3)], 0);
  answered?.();
  tell([line(1), line(2), line(3)]);
  live.logs('api', [line(4)], 0);
  await waitFor('the lines', () => heard.length === 3);
  live.logs('api', [line(5)], 0);
  await waitFor('the last line', () => heard.at(-1) === 5);
  expect(heard).toEqual([2, 3, 4, 5]);
  client.terminate();
});

it('tells what comes, when an app does not answer what was before', async () => {
  const line = (at: number): LogLine => ({ at, app: 'api', slot: 0, pid: 1, stream: 'out', text: `line ${at}` });
  let tell = (_lines: readonly LogLine[] | null): void => {};
  let asked = false;
  const tail: AppView['tail'] = () => {
    asked = true;
    return new Promise((resolve) => (tell = resolve));
  };
  handle.view = { ...handle.view, tail };
  const heard: number[] = [];
  const client = new WebSocket(`ws+unix:${socket}:/v1/logs?app=api`);
  client.on('message', (data) => {
    const message = JSON.parse(String(data)) as LogMessage;
    if (message.type === 'line') heard.push(message.line.at);
  });
  await waitFor('the order', () => asked);
  live.logs('api', [line(1)], 0);
  tell(null);
  await waitFor('the line', () => heard.length === 1);
  client.terminate();
});

it.each([true, false])('follows events for a client that waits for those from before (%s), not for one that has left meanwhile', async (waits) => {
  let answer = (): void => {};
  vi.spyOn(events, 'query').mockImplementation(() => new Promise((resolve) => (answer = () => resolve([]))));
  const follow = vi.spyOn(events, 'follow');
  let left = false;
  server.once('upgrade', (_request, stream) => stream.once('close', () => (left = true)));
  const client = new WebSocket(`ws+unix:${socket}:/v1/events?since=0`);
  await new Promise((resolve) => client.once('open', resolve));
  if (!waits) {
    client.terminate();
    await waitFor('its end', () => left);
  }
  answer();
  await new Promise(setImmediate);
  expect(follow).toHaveBeenCalledTimes(waits ? 1 : 0);
  client.terminate();
});
