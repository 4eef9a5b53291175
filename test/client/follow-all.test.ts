import { expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { connect } from '../../src/client/connect.ts';
import { followAll } from '../../src/client/follow-all.ts';
import { waitFor } from '../helpers/wait.ts';
import { FakeDaemon } from './fake-daemon.ts';
import { app } from './samples.ts';

it('follows stats and events, and leaves neither subscription behind when one ends', async () => {
  const daemon = new FakeDaemon();
  await daemon.listen();
  onTestFinished(() => daemon.stop());
  const open = new Map<string, WebSocket>();
  daemon.onLogs = (socket, url) => {
    open.set(url, socket);
    socket.once('close', () => open.delete(url));
    if (url === '/v1/stats') socket.send(JSON.stringify({ at: 5, apps: [app()] }));
    else socket.send(JSON.stringify({ id: 7, at: 5, app: null, kind: 'daemon-start', severity: 'info', message: 'started', details: { unclean: false } }));
  };
  const { channel } = await connect(daemon.address);
  const got: number[] = [];
  const following = followAll(channel, new AbortController().signal, { stats: ({ at }) => got.push(at), event: ({ id }) => got.push(id) });
  await waitFor('both', () => got.length === 2);
  expect(got.sort()).toEqual([5, 7]);
  open.get('/v1/stats')?.terminate();
  await expect(following).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_LOST' });
  await waitFor('the other to end', () => open.size === 0);
});
