import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HELLO } from '../../client/fake-daemon.ts';
import { app } from '../../client/samples.ts';
import { daemon, lb, withoutDaemon } from './daemon.ts';
import { tempDir } from '../../config/temp-dir.ts';

describe('health', () => {
  const health = [
    { slot: 0, pid: 5001, state: 'ready', checks: { passed: 3, failed: 0 }, last: null, lastFailures: [], ejections: 0, causes: [], sinceMs: null },
  ] as const;

  it('ends with 0 for an app that is healthy', async () => {
    daemon.on('GET /v1/apps', { json: { apps: [app({ health })] } });
    expect(await lb('health api')).toEqual({ code: 0, out: expect.stringContaining('api  healthy  2 of 2 workers ready\n') as string, err: '' });
    expect(JSON.parse((await lb('health api --json')).out)).toEqual({
      app: 'api',
      healthy: true,
      ready: 2,
      instances: 2,
      readyMin: 1,
      unserved: [],
      panic: false,
      workers: health,
    });
  });

  it('ends with 1 for one that is not, as one that is stopped', async () => {
    expect(await lb('health docs')).toEqual({ code: 1, out: 'docs  not healthy  0 of 2 workers ready\n', err: '' });
    const { code, out } = await lb('health docs --json');
    expect({ code, healthy: (JSON.parse(out) as { healthy: boolean }).healthy }).toEqual({ code: 1, healthy: false });
  });

  it('ends with 3 and 4 where nothing can be told', async () => {
    expect([(await lb('health nobody')).code, (await withoutDaemon('health api')).code]).toEqual([3, 4]);
  });
});

describe('commands about one app', () => {
  const config = (...names: readonly string[]): string => {
    const directory = tempDir({ 'app.js': '', 'lb.config.json': JSON.stringify(names.map((name) => ({ name, script: 'app.js' }))) });
    return join(directory, 'lb.config.json');
  };

  it('take a config file with one', async () => {
    expect((await lb(`show ${config('docs')}`)).out).toMatch(/^docs {2}stopped/);
    expect((await lb(`id ${config('api', 'docs')}`)).out).toBe((await lb('id /^(api|docs)$/')).out);
    expect((await lb(`health ${config('docs')}`)).out).toMatch(/^docs {2}not healthy/);
  });

  it('name the apps of one with several', async () => {
    expect(await lb(`show ${config('api', 'docs')}`)).toMatchObject({ code: 2, err: expect.stringContaining('stands for api, docs') as string });
  });
});

describe('metrics', () => {
  it('prints the text as it is', async () => {
    daemon.on('GET /v1/metrics', (response) => response.end('lb_build_info 1\n'));
    expect(await lb('metrics')).toEqual({ code: 0, out: 'lb_build_info 1\n', err: '' });
    expect((await withoutDaemon('metrics')).code).toBe(4);
  });

  it('tells the daemon where to serve them', async () => {
    daemon.on('POST /v1/metrics', { json: { url: 'http://127.0.0.1:9615/metrics' } });
    expect((await lb('metrics --listen 127.0.0.1:9615')).out).toBe('the metrics are served at http://127.0.0.1:9615/metrics\n');
    daemon.on('POST /v1/metrics', { json: { url: null } });
    expect((await lb('metrics --listen off')).out).toBe('the metrics are no longer served\n');
    await lb('metrics --listen 9616');
    expect(daemon.orders.map(({ body }) => body)).toEqual([
      { listen: { host: '127.0.0.1', port: 9615 } },
      { listen: null },
      { listen: { host: null, port: 9616 } },
    ]);
    for (const wrong of ['nowhere', '0', '70000'])
      expect(await lb(`metrics --listen ${wrong}`)).toMatchObject({ code: 2, err: expect.stringContaining('host:port') as string });
    expect(daemon.orders).toHaveLength(3);
  });
});

describe('show and ping', () => {
  it('shows one app', async () => {
    expect((await lb('describe api')).out).toContain('max_memory_restart  300M');
    expect(JSON.parse((await lb('show api --json')).out)).toEqual(app());
  });

  it('names the nearest app', async () => {
    expect(await lb('show apu')).toEqual({
      code: 3,
      out: '',
      err: 'error: no app named "apu", did you mean "api"?\nhint: run "lb list" to see all apps\n',
    });
  });

  it('pings', async () => {
    expect((await lb('ping')).out).toBe(`pong: lb 1.2.3, pid 4242, node ${process.versions.node}, up for 1m 5s\n`);
    expect(JSON.parse((await lb('ping --json')).out)).toEqual(HELLO);
    const url = 'http://127.0.0.1:9615/metrics';
    daemon.on('GET /v1/hello', { json: { ...HELLO, metrics: { url, problem: null } } });
    expect((await lb('ping')).out).toContain(`\nmetrics: ${url}\n`);
    daemon.on('GET /v1/hello', { json: { ...HELLO, metrics: { url, problem: 'the port is in use' } } });
    expect((await lb('ping')).out).toContain(`${url} (not served: the port is in use; retrying every second)\n`);
    expect((await withoutDaemon('ping')).code).toBe(4);
  });

  it('tells a daemon of another protocol', async () => {
    daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: 99 } });
    expect(await lb('ping')).toMatchObject({ code: 4, err: expect.stringContaining('speaks 99') as string });
  });
});
