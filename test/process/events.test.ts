/** @module-tag light */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LbEvent } from '../../src/protocol/control.ts';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { killProcess, processInfo } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

async function eventsOf(app: string, limit = 1_000): Promise<readonly LbEvent[]> {
  return (await sandbox.control('GET', `/v1/events?app=${app}&limit=${limit}`)).json<{ events: LbEvent[] }>().events;
}

const kill = (pid: number): void => {
  const found = processInfo(pid);
  if (found !== null) killProcess(found, 'SIGKILL');
};

describe('lb events', () => {
  it('tells a life: start, crash with its cause, reload, end', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1 });
    await request('/exit?code=7', { port }).catch(() => undefined);
    await sandbox.waitForApp(name, 'have replaced the worker', (now) => now.restarts === 1 && now.ready === 1);
    await sandbox.ok('reload', name, '--monitor', '0');
    await sandbox.ok('stop', name);
    const told = await eventsOf(name);
    expect(told.map(({ kind }) => kind)).toEqual([
      'operation-begin',
      'start',
      'ready',
      'operation',
      'exit',
      'start',
      'ready',
      'operation-begin',
      'start',
      'ready',
      'drain',
      'exit',
      'operation',
      'operation-begin',
      'drain',
      'exit',
      'operation',
      'ended',
    ]);
    expect(told[4]).toMatchObject({ severity: 'error', slot: 0, details: { code: 7, signal: null, stopReason: null } });
    expect(told[11]).toMatchObject({ severity: 'info', details: { stopReason: 'reload' } });
    const { stdout } = await sandbox.ok('events', name, '--lines', '14');
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  error  exit +${name}\\[0\\] worker 0 ended: exit code 7 \\(pid \\d+\\)$`),
    );
  });

  it('keeps them over the death of primary and daemon, tells of both, and --follow misses and repeats nothing', async () => {
    const { name, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
    const follow = sandbox.lbBackground('events', name, '--follow', '--json');
    await sandbox.waitFor('the first events', () => follow.stdout.includes('"operation"'));
    kill(await sandbox.primaryPid(name));
    await sandbox.waitFor('its loss to be told', () => follow.stdout.includes('"primary-lost"'));
    await sandbox.waitForOnline(name);
    const daemon = await sandbox.daemonPid();
    kill(daemon);
    await sandbox.waitFor('another daemon', async () => (await sandbox.daemonPid()) !== daemon);
    expect((await request('/', { port })).status).toBe(200);
    await sandbox.waitFor('the adoption to be told', () => follow.stdout.includes('"primary-adopted"'));
    const all = await eventsOf(name);
    expect(all.find(({ kind }) => kind === 'primary-lost')).toMatchObject({ severity: 'error', details: { cause: 'signal SIGKILL' } });
    const followed = follow.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as LbEvent).id);
    expect(followed).toEqual(all.map(({ id }) => id));
    const own = (await sandbox.control('GET', '/v1/events?limit=1000')).json<{ events: LbEvent[] }>().events;
    expect(own.filter(({ kind }) => kind === 'daemon-start').at(-1)).toMatchObject({ app: null, details: { unclean: true } });
    follow.kill('SIGINT');
    expect((await follow.ended).code).toBe(130);
  });

  it('says what is wrong with the question', async () => {
    await sandbox.start('plain-http.cjs', { name: 'known', instances: 1 });
    expect(await sandbox.lb('events', 'unknown')).toMatchObject({ code: 3, stderr: expect.stringContaining('no app named "unknown"') });
    expect((await sandbox.control('GET', '/v1/events?since=x')).status).toBe(400);
  });
});

/** A URL, and the events that were posted to it. */
async function receiver(): Promise<{ readonly url: string; readonly posted: LbEvent[] }> {
  const posted: LbEvent[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    incoming.on('end', () => {
      posted.push(JSON.parse(body) as LbEvent);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, posted };
}

describe('on_event', () => {
  it('calls a command and a URL; what hangs or refuses costs no request', async () => {
    const { url, posted } = await receiver();
    const script = sandbox.deploy('hooked/server.cjs', 'plain-http.cjs', 'v1');
    const hooks = {
      told: { url, kinds: ['exit', 'operation'] },
      stuck: { run: 'sleep 1000', severity: 'info' },
      refused: { url: 'http://127.0.0.1:1/', severity: 'info' },
    };
    const apps = Object.entries(hooks).map(([name, on_event]) => ({ name, script, instances: 2, env: { PORT: '0' }, on_event }));
    const config = sandbox.writeApp('hooked/lb.config.json', JSON.stringify({ apps }));
    await sandbox.ok('start', config);
    const { listeners } = await sandbox.snapshot('stuck');
    const load = startLoad({ port: Number(listeners[0]?.split(':').at(-1)), mode: 'connection-per-request', clients: 2 });
    await Promise.all(['told', 'stuck', 'refused'].map((name) => sandbox.ok('reload', name, '--monitor', '0')));
    await load.waitForServed(20);
    expectLossless(await load.stop());
    await sandbox.waitFor('the requests', () => posted.length >= 4);
    expect(posted.map(({ app, kind }) => `${app} ${kind}`).sort()).toEqual(['told exit', 'told exit', 'told operation', 'told operation']);
    const failed = await sandbox.waitFor('the failure to be told', async () => (await eventsOf('refused')).find(({ kind }) => kind === 'hook-failed'), {
      deadlineMs: 15_000,
    });
    expect(failed).toMatchObject({ severity: 'warn', message: expect.stringContaining('ECONNREFUSED') });
    expect((await eventsOf('refused')).filter(({ kind }) => kind === 'hook-failed')).toHaveLength(1);
  });

  it('what a worker crashed of reaches a command and a URL, in one line', async () => {
    const { url, posted } = await receiver();
    const written = join(sandbox.directory, 'crash-hook.txt');
    const apps = [
      {
        name: 'crashing',
        script: sandbox.deploy('crash-hook/server.cjs', 'uncaught-in-request.cjs', 'v1'),
        instances: 1,
        env: { PORT: '0' },
        on_event: { url, run: `printf '%s\\n' "$LB_EVENT_MESSAGE" > ${written}`, kinds: ['exit'] },
      },
    ];
    await sandbox.ok('start', sandbox.writeApp('crash-hook/lb.config.json', JSON.stringify({ apps })));
    const { listeners } = await sandbox.snapshot('crashing');
    await request('/throw', { port: Number(listeners[0]?.split(':').at(-1)) }).catch(() => undefined);
    const cause = 'Error: uncaught in a request at server.cjs:5';
    await sandbox.waitFor('both to be called', () => posted.length > 0 && existsSync(written) && readFileSync(written, 'utf8').endsWith('\n'));
    expect(posted).toMatchObject([{ kind: 'exit', severity: 'error', message: expect.stringContaining(cause), details: { code: 1, cause } }]);
    expect(readFileSync(written, 'utf8')).toMatch(new RegExp(`^worker 0 ended: .*${cause.replaceAll('.', '\\.')}.*\n$`));
  });
});
