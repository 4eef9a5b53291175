/** @module-tag light */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DaemonHello } from '../../src/protocol/control.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { controlRequest } from '../helpers/control.ts';
import { getJson } from '../helpers/http.ts';
import { isAlive, processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

const daemons = (): number[] =>
  processesOf(sandbox.directory)
    .filter((found) => found.command.endsWith(' daemon'))
    .map((found) => found.pid);

/** Sends bytes to the control socket and waits until the daemon has closed the connection, or a moment has passed. */
function sendRaw(bytes: Buffer | string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(sandbox.socket, () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), 300);
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

describe('S25: the control socket', () => {
  it('answers while every worker blocks its event loop', async () => {
    const { port } = await sandbox.start('blocks-its-loop.cjs');
    const blocked = [getJson(port, '/block?ms=2500'), getJson(port, '/block?ms=2500')];
    const { durationMs, stdout } = await sandbox.ok('list');
    expect(stdout).toContain('online');
    expect(durationMs).toBeLessThan(2000);
    await Promise.all(blocked);
  });

  it('tells of an app whose primary is silent what it told last', async () => {
    const { name, port } = await sandbox.start('plain-http.cjs');
    const client = net.connect(port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    const told = async (path: string): Promise<string> => (await controlRequest(sandbox.socket, 'GET', path)).text;
    await sandbox.waitFor('the daemon to hear of the connection', async () => /^lb_connections_open\{.*\} 1$/m.test(await told('/v1/metrics')));
    const primary = await sandbox.primaryPid(name);
    process.kill(primary, 'SIGSTOP');
    try {
      const { apps } = JSON.parse(await told('/v1/list')) as { apps: Pick<AppSnapshot, 'name' | 'connections'>[] };
      expect(apps.find((one) => one.name === name)).toMatchObject({ connections: 1 });
    } finally {
      process.kill(primary, 'SIGCONT');
    }
  });

  it('is for its owner alone', async () => {
    await sandbox.start('plain-http.cjs');
    expect(statSync(sandbox.home).mode & 0o777).toBe(0o700);
    expect(statSync(sandbox.socket).mode & 0o777).toBe(0o600);
  });

  it('says hello with version and protocol, and explains another protocol before anything else', async () => {
    await sandbox.start('plain-http.cjs');
    const hello = (await sandbox.control('GET', '/v1/hello')).json<DaemonHello>();
    expect(hello).toMatchObject({ name: 'lb', protocol: CONTROL_PROTOCOL, home: sandbox.home, node: process.versions.node });
    const mismatch = await sandbox.control('GET', '/v1/apps', undefined, { 'x-lb-protocol': '999' });
    expect(mismatch.status).toBe(426);
    expect(mismatch.json<{ error: { code: string } }>().error.code).toBe('LB_ERR_PROTOCOL');
  });

  it('survives garbage, and says what it expected', async () => {
    const { name } = await sandbox.start('plain-http.cjs');
    const daemon = await sandbox.daemonPid();
    await sendRaw(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256)));
    await sendRaw('GET /v1/apps HTTP/1.1\r\n');
    await sendRaw(`GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);
    await sendRaw(
      'GET /v1/logs HTTP/1.1\r\nhost: lb\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: x\r\n\r\n',
    );
    const expected: [string, string, unknown, number, string][] = [
      ['POST', '/v1/apps', '{"apps": [', 400, 'LB_ERR_MESSAGE'],
      ['POST', '/v1/apps', { apps: [{ name: 7 }] }, 400, 'LB_ERR_MESSAGE'],
      ['POST', `/v1/apps/${name}/scale`, { to: 'many' }, 400, 'LB_ERR_MESSAGE'],
      ['POST', `/v1/apps/${name}/reload`, [], 400, 'LB_ERR_MESSAGE'],
      ['GET', '/v2/apps', undefined, 404, 'LB_ERR_ROUTE'],
      ['GET', '/v1/apps/%00', undefined, 404, 'LB_ERR_APP_NOT_FOUND'],
    ];
    for (const [method, path, body, status, code] of expected) {
      const answer = await sandbox.control(method, path, body);
      expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(status);
      expect(answer.json<{ error: { code: string } }>().error.code).toBe(code);
    }
    expect(await sandbox.daemonPid()).toBe(daemon);
    expect(await sandbox.workerPids(name)).toHaveLength(2);
  });
});

describe('S25: one daemon per home', () => {
  it('many commands at once start exactly one', async () => {
    await sandbox.lb('kill');
    const ports = await Promise.all([1, 2, 3, 4].map((number) => sandbox.start('plain-http.cjs', { name: `twin-${number}`, instances: 1 })));
    expect(daemons()).toEqual([await sandbox.daemonPid()]);
    expect((await sandbox.apps()).map((app) => app.name).sort()).toEqual(ports.map((started) => started.name).sort());
  });

  it('a stale socket file is no obstacle', async () => {
    await sandbox.start('plain-http.cjs');
    await sandbox.clear();
    const daemon = await sandbox.daemonPid();
    process.kill(daemon, 'SIGKILL');
    await sandbox.waitFor('the daemon to be gone', () => !isAlive(daemon));
    expect(statSync(sandbox.socket).isSocket()).toBe(true);
    await sandbox.start('plain-http.cjs');
    expect(await sandbox.daemonPid()).not.toBe(daemon);
  });

  it('a file that is no socket is not removed', async () => {
    await sandbox.lb('kill');
    writeFileSync(sandbox.socket, 'precious');
    const { result } = await sandbox.tryStart('plain-http.cjs');
    expect(result.code, String(result)).toBe(4);
    expect(result.stderr).toContain(sandbox.socket);
    expect(readFileSync(sandbox.socket, 'utf8')).toBe('precious');
    rmSync(sandbox.socket);
  });

  it('commands that only look do not fail when none runs', async () => {
    await sandbox.lb('kill');
    const list = await sandbox.lb('list', '--json');
    expect(list.code, String(list)).toBe(0);
    expect(list.json<unknown[]>()).toEqual([]);
    expect((await sandbox.ok('kill')).stderr).toContain('no daemon');
    const ping = await sandbox.lb('ping');
    expect(ping.code, String(ping)).toBe(4);
    expect(daemons()).toEqual([]);
  });
});
