import { afterEach, expect, it, vi } from 'vitest';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

const ignored = (app: PrimaryHarness): string[] => app.events.filter((event) => event.startsWith('message-ignored'));
const said = (app: PrimaryHarness): unknown[][] => app.workers.map((worker) => worker.said);

it('broadcast: every other worker gets the message, its sender and lb do not', async () => {
  const app = await PrimaryHarness.online({ instances: 3, ipc: 'broadcast' });
  app.workers[1]?.emit('message', { type: 'chat', text: 'hi' });
  app.workers[0]?.emit('message', 'plain text');
  await app.advance(0);
  expect(said(app)).toEqual([[{ type: 'chat', text: 'hi' }], ['plain text'], [{ type: 'chat', text: 'hi' }, 'plain text']]);
  expect(ignored(app)).toEqual([]);
});

it('what is for lb, or was for PM2, is never sent on', async () => {
  const app = await PrimaryHarness.online({ ipc: 'broadcast' });
  for (const message of ['ready', { lb: 'weight', value: 2 }, { type: 'axm:monitor', data: {} }, { type: 'process:msg' }])
    app.workers[0]?.emit('message', message);
  await app.advance(0);
  expect(said(app)).toEqual([[], []]);
  expect(ignored(app)).toEqual([]);
});

it('workers of all generations talk to each other during a reload, those that have ended do not', async () => {
  const app = await PrimaryHarness.online({ instances: 1, ipc: 'broadcast' }, () => ({ drainMs: 5_000 }));
  app.order({ kind: 'reload', monitorMs: 0 });
  await app.advance(500);
  expect(app.alive).toHaveLength(2);
  app.workers[1]?.emit('message', 'from the new one');
  await app.advance(20_000);
  expect(app.alive).toHaveLength(1);
  app.workers[1]?.emit('message', 'alone now');
  await app.advance(0);
  expect(said(app)).toEqual([['from the new one'], []]);
});

it('without it, the first message is an event that names it and the option', async () => {
  const app = await PrimaryHarness.online();
  for (const worker of app.workers) worker.emit('message', { topic: 'log4js:message', data: 'x' });
  await app.advance(0);
  expect(said(app)).toEqual([[], []]);
  expect(ignored(app)).toEqual([expect.stringContaining('worker 0 sent the cluster primary a message (topic "log4js:message"), which lb ignores')]);
  expect(ignored(app)[0]).toContain("ipc: 'broadcast'");
});

it.each([
  [{ type: 7 }, 'type 7'],
  [{ a: 1, b: 2 }, 'fields a, b'],
  ['text', '"text"'],
  [null, 'null'],
])('names %j as %s', async (message, name) => {
  const app = await PrimaryHarness.online();
  app.workers[0]?.emit('message', message);
  expect(ignored(app)[0]).toContain(`a message (${name})`);
});

it('a plain worker is its own primary: its messages are not missed', async () => {
  const app = await PrimaryHarness.online({ kind: 'plain' });
  app.workers[0]?.emit('message', { type: 'chat' });
  expect(ignored(app)).toEqual([]);
});

it('a worker that does not read loses messages instead of filling the memory, which is said once', async () => {
  const app = await PrimaryHarness.online({ ipc: 'broadcast' });
  const slow = app.workers[1];
  if (slow !== undefined) slow.reads = false;
  for (let n = 0; n < 10_100; n++) app.workers[0]?.emit('message', n);
  expect(slow?.said).toHaveLength(10_000);
  expect(ignored(app)).toEqual([expect.stringContaining('worker 1 reads its messages too slowly')]);
});
