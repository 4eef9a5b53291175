import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { HealthCheckSpec } from '../../../../src/lifecycle/app-spec.ts';
import { isAlive } from '../../../../src/system/processes.ts';
import { probeFromOutside } from '../../../../src/primary/watch/health/outside-probe.ts';

const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'lb-probe-')));
afterAll(() => rmSync(cwd, { recursive: true }));

const CHECK: HealthCheckSpec = { path: null, port: null, intervalMs: 100, timeoutMs: 1_000, fall: 3, rise: 2, expect: [[200, 399]], replaceAfterMs: null };
const probe = (check: Partial<HealthCheckSpec>, env: Record<string, string> = {}, slot = 0): ReturnType<typeof probeFromOutside> =>
  probeFromOutside(
    { spec: { env: { PATH: process.env['PATH'] ?? '', ...env }, instanceVar: 'SLOT', incrementVar: 'PORT', cwd }, slot },
    { ...CHECK, ...check },
  );
const ok = { ok: true, tookMs: expect.any(Number) as number };

async function listening(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a command', () => {
  it('is healthy while it ends with 0, in the directory and environment of the worker', async () => {
    writeFileSync(join(cwd, 'alive'), '');
    expect(await probe({ command: 'test -e alive && test "$SLOT $PORT" = "2 3002"' }, { PORT: '3000' }, 2)).toEqual(ok);
    expect(await probe({ command: 'exit 3' })).toEqual({ ok: false, reason: 'the command ended with code 3' });
    expect(await probe({ command: 'kill -9 $$' })).toEqual({ ok: false, reason: 'the command ended with signal SIGKILL' });
  });

  it('has its time, and then nothing of it is left', async () => {
    expect(await probe({ command: 'sleep 60 & echo $! > pid; wait', timeoutMs: 300 })).toEqual({ ok: false, reason: 'the command did not end in 0.3 s' });
    const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('a port', () => {
  it('is healthy while it takes a connection and keeps it', async () => {
    const port = await listening(createTcpServer((socket) => void socket.on('error', () => {})));
    expect(await probe({ port })).toEqual(ok);
    expect(await probe({}, { PORT: String(port - 1) }, 1), 'that of its slot').toEqual(ok);
    const closing = await listening(createTcpServer((socket) => void socket.destroy()));
    expect(await probe({ port: closing })).toMatchObject({ ok: false, reason: expect.stringMatching(/^connection (?:closed|reset)$/) as string });
    expect(await probe({ port: 1 })).toEqual({ ok: false, reason: 'port 1: connection refused' });
  });

  it('is asked for a path', async () => {
    const port = await listening(createServer((request, response) => void response.writeHead(request.url === '/ok' ? 200 : 503).end()));
    expect(await probe({ port, path: '/ok' })).toEqual(ok);
    expect(await probe({ port, path: '/sick' })).toEqual({ ok: false, reason: 'status 503' });
    const silent = await listening(createTcpServer((socket) => void socket.on('error', () => {})));
    expect(await probe({ port: silent, path: '/', timeoutMs: 200 })).toEqual({ ok: false, reason: 'no answer in 0.2 s' });
  });
});
