import { createServer } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectClient } from '../../src/client/client.ts';
import { connect, connectIfRunning } from '../../src/client/connect.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { FakeDaemon, HELLO } from './fake-daemon.ts';
import { app } from './samples.ts';

let daemon: FakeDaemon;
beforeEach(() => {
  daemon = new FakeDaemon();
});
afterEach(() => daemon.stop());

describe('connect', () => {
  it('resolves with the hello of the daemon, asked without a protocol', async () => {
    await daemon.listen();
    const { hello, channel } = await connect(daemon.address);
    channel.close();
    expect(hello).toEqual(HELLO);
    expect(daemon.received[0]?.headers).not.toHaveProperty('x-lb-protocol');
  });

  it('tells that no daemon runs: nothing there, and a socket nobody listens on', async () => {
    await expect(connect(daemon.address)).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_NOT_RUNNING', exitCode: 4 });
    await daemon.listen();
    // The name stays behind when a daemon is killed; a file that is no socket stands for it here.
    rmSync(daemon.address.socket);
    writeFileSync(daemon.address.socket, '');
    expect(await connectIfRunning(daemon.address)).toBeNull();
  });

  it('explains another protocol', async () => {
    daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: CONTROL_PROTOCOL + 6, version: '9.0.0' } });
    await daemon.listen();
    await expect(connect(daemon.address)).rejects.toMatchObject({
      code: 'LB_ERR_PROTOCOL',
      message: `this lb speaks protocol ${CONTROL_PROTOCOL}, the daemon (lb 9.0.0) speaks ${CONTROL_PROTOCOL + 6}`,
    });
  });

  it('refuses something else behind the socket', async () => {
    daemon.on('GET /v1/hello', { json: { name: 'docker' } });
    await daemon.listen();
    await expect(connect(daemon.address)).rejects.toMatchObject({
      code: 'LB_ERR_MESSAGE',
      message: expect.stringContaining('expected "lb", got "docker"') as string,
    });
  });

  it('gives up on a daemon that does not answer', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(daemon.address.socket, resolve));
    const failure = { code: 'LB_ERR_DAEMON_UNREACHABLE', message: expect.stringContaining('no answer within 0.05 s') as string };
    await expect(connect(daemon.address, 50)).rejects.toMatchObject(failure);
    silent.close();
  });
});

describe('the client of the public API', () => {
  it('lists apps and shows one, with the protocol in every request', async () => {
    daemon.on('GET /v1/apps', { json: { apps: [app()] } }).on('GET /v1/apps/api', { json: app() });
    await daemon.listen();
    const client = await connectClient({ home: daemon.home });
    expect((await client.list()).map(({ name }) => name)).toEqual(['api']);
    expect(await client.show('api')).toEqual(app());
    client.close();
    expect(daemon.received.slice(1).map(({ headers }) => headers['x-lb-protocol'])).toEqual([String(CONTROL_PROTOCOL), String(CONTROL_PROTOCOL)]);
  });

  it('runs an operation to its end, with progress, and rejects with its error', async () => {
    const progress = { type: 'progress', app: 'api', operation: 'reload', step: 'ready', slot: 0, generation: 2, pid: 1, message: 'ready' } as const;
    daemon.on('POST /v1/apps/api/reload', { stream: [progress, { type: 'result', ok: true, apps: [app()], message: 'reloaded' }] });
    daemon.on('POST /v1/apps/api/stop', { stream: [{ type: 'result', ok: false, error: new LbError('LB_ERR_DAEMON_LOST').toRecord() }] });
    await daemon.listen();
    const client = await connectClient({ home: daemon.home });
    const steps: string[] = [];
    expect(await client.reload('api', { parallel: 2, onProgress: ({ step }) => steps.push(step) })).toEqual({ apps: [app()], message: 'reloaded' });
    expect(steps).toEqual(['ready']);
    await expect(client.stop('api')).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_LOST' });
    client.close();
    expect(daemon.orders.map(({ body }) => body)).toEqual([{ parallel: 2 }, {}]);
  });

  it('does not trust what it reads', async () => {
    daemon.on('GET /v1/apps', { json: { apps: [{ name: 'api' }] } });
    await daemon.listen();
    const client = await connectClient({ home: daemon.home });
    await expect(client.list()).rejects.toMatchObject({ code: 'LB_ERR_MESSAGE' });
    client.close();
  });
});
