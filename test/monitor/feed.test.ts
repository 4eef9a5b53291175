import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { Feed } from '../../src/monitor/feed.ts';
import type { LogMessage } from '../../src/protocol/control.ts';
import { FakeDaemon } from '../client/fake-daemon.ts';
import { app } from '../client/samples.ts';
import { waitFor } from '../helpers/wait.ts';

it('follows the log of the last app alone, however late the daemon answers', async () => {
  const daemon = new FakeDaemon();
  await daemon.listen();
  const line = (app: string): LogMessage => ({ type: 'line', line: { app, slot: 0, pid: 1, stream: 'out', at: 1, text: 'hello' } });
  const followed: string[] = [];
  daemon.onLogs = (socket, url) => {
    const name = /^\/v1\/logs\?app=(\w+)/.exec(url)?.[1];
    if (name === undefined) return;
    followed.push(name);
    socket.send(JSON.stringify(line(name)));
  };
  const logsOf: string[] = [];
  const feed = new Feed(daemon.address, (message) => message.type === 'logs' && logsOf.push(message.app));
  onTestFinished(async () => {
    feed.stop();
    await daemon.stop();
  });
  await feed.start();
  const early = await new Promise<ServerResponse>((resolve) => {
    daemon.on('GET /v1/apps/early', resolve);
    feed.follow('early');
  });
  daemon.on('GET /v1/apps/late', (response) => {
    early.end(JSON.stringify(app({ name: 'early' })));
    response.end(JSON.stringify(app({ name: 'late' })));
  });
  feed.follow('late');
  await waitFor('the line', () => logsOf.includes('late'));
  expect([followed, logsOf]).toEqual([['late'], ['late']]);
});
