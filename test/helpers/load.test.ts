import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { fixture } from './paths.ts';
import { freePort } from './ports.ts';
import { startLoad, type LoadMode } from './load.ts';
import { expectLossless, expectOnlyResets, lost } from './tally.ts';

const servers: http.Server[] = [];

async function serve(handler: http.RequestListener): Promise<number> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const identity = JSON.stringify({ version: '1', pid: 1, received: 0 });

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

describe('the load generator tells apart', () => {
  it('served requests, with every mode and a body', async () => {
    const port = await freePort();
    const app = spawn(process.execPath, [fixture('plain-http.cjs')], { env: { PORT: String(port), VERSION: '7' }, stdio: 'ignore' });
    try {
      const first = startLoad({ port, mode: 'keep-alive', clients: 1 });
      await first.waitForServed(1);
      await first.stop();
      const modes: LoadMode[] = ['keep-alive', 'think', 'connection-per-request'];
      for (const mode of modes) {
        const load = startLoad({ port, mode, thinkMs: 10, bodyBytes: 16_384 });
        await load.waitForServed(50);
        const tally = await load.stop();
        expectLossless(tally, mode);
        expect(tally.versions).toEqual({ 7: tally.served });
        expect(tally.pids).toEqual({ [String(app.pid)]: tally.served });
      }
    } finally {
      app.kill('SIGKILL');
    }
  });

  it('refused connections', async () => {
    const tally = await startLoad({ port: await freePort(), mode: 'connection-per-request', maxRequests: 3 }).ended;
    expect(tally).toMatchObject({ served: 0, hung: 0, reset: 0 });
    expect(tally.refused).toBe(3);
    expect(() => expectLossless(tally)).toThrow(/expected no lost request, got \d+: served 0, refused \d+/);
  });

  it('reset connections, before and in the middle of an answer', async () => {
    let count = 0;
    const port = await serve((req, res) => {
      if (++count % 3 === 0) req.socket.destroy();
      else if (count % 3 === 1) res.write('{"ver', () => req.socket.destroy());
      else res.end(identity);
    });
    const load = startLoad({ port, mode: 'keep-alive', maxRequests: 30 });
    await load.waitForServed(5);
    const tally = await load.stop();
    expect(tally.reset).toBeGreaterThan(0);
    expect(lost(tally)).toBe(tally.reset);
    expect(() => expectOnlyResets(tally, 0)).toThrow('at most 0 resets');
    expectOnlyResets(tally, tally.reset);
  });

  it('requests that hang', async () => {
    const port = await serve(() => {});
    const tally = await startLoad({ port, mode: 'keep-alive', hungMs: 50, maxRequests: 8 }).ended;
    expect(tally).toMatchObject({ served: 0, refused: 0, reset: 0, hung: 8, wrong: 0 });
  });

  it('wrong answers: a status, a foreign body, a body cut on the way in', async () => {
    let count = 0;
    const answers: [number, string][] = [
      [503, identity],
      [200, 'welcome to nginx'],
      [200, identity],
    ];
    const port = await serve((_req, res) => {
      const [status, body] = answers[count++ % 3] ?? [500, ''];
      res.writeHead(status).end(body);
    });
    const tally = await startLoad({ port, mode: 'keep-alive', bodyBytes: 10, maxRequests: 12 }).ended;
    expect(tally.wrong).toBe(12);
  });
});
