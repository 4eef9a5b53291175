import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quickGet } from '../../src/client/quick-get.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { FakeDaemon } from './fake-daemon.ts';

let daemon: FakeDaemon;
beforeEach(() => {
  daemon = new FakeDaemon();
});
afterEach(() => daemon.stop());

describe('quickGet', () => {
  it('gets what an HTTP server answers, however large', async () => {
    const text = 'ü'.repeat(1_000_000);
    daemon.on('GET /v1/apps', { json: { text } }).on('GET /v1/chunks', (response) => {
      response.write('one ');
      setTimeout(() => response.end('two'), 5);
    });
    await daemon.listen();
    expect(await quickGet(daemon.address, '/v1/apps')).toEqual({ status: 200, body: JSON.stringify({ text }) });
    expect(await quickGet(daemon.address, '/v1/chunks')).toEqual({ status: 200, body: 'one two' });
    expect((await quickGet(daemon.address, '/nowhere')).status).toBe(404);
    expect(daemon.received[0]?.headers['x-lb-protocol']).toBe(String(CONTROL_PROTOCOL));
  });

  it('tells that no daemon runs', async () => {
    await expect(quickGet(daemon.address, '/v1/apps')).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_NOT_RUNNING' });
  });

  it.each(['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}'])('refuses the cut off answer %j', async (answer) => {
    const server = createServer((socket) => socket.end(answer));
    await new Promise<void>((resolve) => server.listen(daemon.address.socket, resolve));
    await expect(quickGet(daemon.address, '/v1/apps')).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_UNREACHABLE' });
    server.close();
  });
});
