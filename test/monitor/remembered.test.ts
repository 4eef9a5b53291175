import { afterEach, beforeEach, expect, it } from 'vitest';
import { Feed } from '../../src/monitor/feed.ts';
import type { Message } from '../../src/monitor/update.ts';
import { FakeDaemon } from '../client/fake-daemon.ts';
import { waitFor } from '../helpers/wait.ts';

let daemon: FakeDaemon;
let feed: Feed;
const messages: Message[] = [];
const asked = (): string[] => daemon.received.filter(({ path }) => path.startsWith('/v1/histories')).map(({ path }) => path);

beforeEach(async () => {
  messages.length = 0;
  daemon = new FakeDaemon();
  // Stats and events stay open, and say nothing.
  daemon.onLogs = () => {};
  await daemon.listen();
  feed = new Feed(daemon.address, (message) => messages.push(message));
});
afterEach(async () => {
  feed.stop();
  await daemon.stop();
});

it('asks for the charts of all apps once, and for those of an app when it is opened', async () => {
  const series = [{ app: 'api', slot: null, metric: 'rps', from: 1_000, stepMs: 1_000, values: [1, null] }];
  const all = '/v1/histories?resolution=1s&points=300&metric=rps&metric=cpu&metric=memory&metric=p95&metric=connections&metric=elu&metric=delay';
  const own = '/v1/histories?resolution=1s&points=300&app=api&metric=rps&metric=cpu&metric=memory&metric=p95&metric=connections&metric=elu&metric=delay';
  // The second is refused: its charts begin empty, and nothing is said.
  daemon.on(`GET ${all}`, { json: { series } });
  await feed.start();
  await waitFor('the history', () => messages.find(({ type }) => type === 'history'));
  expect(messages.find(({ type }) => type === 'history')).toEqual({ type: 'history', series });
  feed.recall('api');
  feed.recall('api');
  await waitFor('both requests', () => asked().length === 2);
  expect(asked()).toEqual([all, own]);
});
