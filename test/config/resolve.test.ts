import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { resolveApps, type ResolveRequest, type ResolvedApps } from '../../src/config/resolve.ts';
import { tempDir } from './temp-dir.ts';

const request = (cwd: string, changes: Partial<ResolveRequest> = {}): ResolveRequest => ({
  target: undefined,
  flags: {},
  appArgs: [],
  env: { PATH: '/usr/bin' },
  cwd,
  home: '/home/lb',
  cpuBudget: 4,
  umask: 0o022,
  node: '/usr/bin/node',
  ...changes,
});

type Files = Readonly<Record<string, string>>;

async function resolveIn(files: Files, changes: Partial<ResolveRequest> = {}): Promise<ResolvedApps & { cwd: string }> {
  const cwd = tempDir(files);
  return { ...(await resolveApps(request(cwd, changes))), cwd };
}

const config = (...apps: unknown[]): Files => ({ 'lb.config.json': JSON.stringify({ apps }), 'app.js': '', 'other.js': '' });
const only = async (files: Files, changes: Partial<ResolveRequest> = {}): Promise<AppSpec> => {
  const { apps } = await resolveIn(files, changes);
  expect(apps).toHaveLength(1);
  return apps[0] as AppSpec;
};
const failing = (files: Files, changes: Partial<ResolveRequest> = {}): Promise<unknown> =>
  resolveIn(files, changes).then(
    () => undefined,
    (error: unknown) => error,
  );

it('an explicit kill_timeout that does not fit into the time of a stop is a warning, the default is not', async () => {
  const warningsOf = async (app: object, changes: Partial<ResolveRequest> = {}): Promise<readonly string[]> =>
    (await resolveIn(config({ script: 'app.js', ...app }), changes)).warnings;
  const warning = [expect.stringMatching(/^app: kill_timeout \(60\.0 s\) does not fit into stop_grace \(10\.0 s\)/)];
  expect(await warningsOf({ kill_timeout: '60s' }, { stopGraceMs: 10_000 })).toEqual(warning);
  expect(await warningsOf({ kill_timeout: '60s', stop_grace: '10s' })).toEqual(warning);
  expect(await warningsOf({ kill_timeout: '60s', stop_grace: '70s' }, { stopGraceMs: 10_000 })).toEqual([]);
  expect(await warningsOf({ kill_timeout: '60s' })).toEqual([]);
  expect(await warningsOf({}, { stopGraceMs: 10_000 })).toEqual([]);
});

describe('scale', () => {
  const scaled = (app: object): Promise<AppSpec> => only(config({ script: 'app.js', ...app }));

  it('has numbers of workers, and instances are where it begins', async () => {
    expect(await scaled({ instances: 1, scale: { min: 2, max: 'max' } })).toMatchObject({
      instances: 2,
      scale: { on: true, min: 2, max: 4, target: { metric: 'elu', value: 0.6 } },
    });
    expect(await scaled({ instances: 9, scale: { max: 6, target: { p95_ms: 100 } } })).toMatchObject({ instances: 6, scale: { min: 1, max: 6 } });
    expect(await scaled({ instances: 9, scale: { max: 6 } }), 'not more than compute at the same time').toMatchObject({ instances: 4 });
    expect(await scaled({ scale: { min: 6 } }), 'a min above the budget is meant').toMatchObject({ instances: 6, scale: { min: 6, max: 6 } });
  });

  it('needs a slot with a weight among the fewest', async () => {
    expect(await failing(config({ script: 'app.js', instances: 2, weights: [0, 1], scale: { min: 1 } }))).toMatchObject({
      message: expect.stringContaining('a weight above 0'),
    });
  });
});

describe('LB_STOP_GRACE', () => {
  const graceOf = async (app: object, changes: Partial<ResolveRequest>): Promise<AppSpec> => {
    const { apps } = await resolveIn(config({ script: 'app.js', ...app }), changes);
    return apps[0] ?? expect.unreachable('no app');
  };

  it('stands above the config file and below the flag, and workers do not inherit it', async () => {
    const env = { LB_STOP_GRACE: '25s', PATH: process.env['PATH'] };
    expect(await graceOf({ stop_grace: '5s' }, { env })).toMatchObject({ stopGraceMs: 25_000 });
    expect((await graceOf({}, { env })).env).not.toHaveProperty('LB_STOP_GRACE');
    expect(await graceOf({}, { env, flags: { stop_grace: '8s' } })).toMatchObject({ stopGraceMs: 8_000 });
    expect(await graceOf({ stop_grace: '5s' }, { env: { ...env, LB_STOP_GRACE: '' } })).toMatchObject({ stopGraceMs: 5_000 });
  });

  it('is named when it is no duration', async () => {
    const error = await failing(config({ script: 'app.js' }), { env: { LB_STOP_GRACE: 'soon' } });
    expect(error).toMatchObject({ code: 'LB_ERR_CONFIG_VALUE', details: { file: 'environment', path: 'LB_STOP_GRACE' } });
  });
});

describe('drain_delay', () => {
  it('gives a balancer that checks the health_port time to notice, unless it is set', async () => {
    const delayOf = async (app: object, flags: object = {}): Promise<number | undefined> =>
      (await resolveIn(config({ script: 'app.js', ...app }), { flags: { ...flags } })).apps[0]?.drainDelayMs;
    expect(await delayOf({})).toBe(0);
    expect(await delayOf({ health_port: 9000 })).toBe(5_000);
    expect(await delayOf({}, { health_port: '9000' })).toBe(5_000);
    expect(await delayOf({ health_port: 9000, drain_delay: 0 })).toBe(0);
    expect(await delayOf({ health_port: 9000, drain_delay: '12s' })).toBe(12_000);
    expect(await delayOf({ drain_delay: '2s' })).toBe(2_000);
  });
});

describe('a script on the command line', () => {
  it('becomes a complete definition', async () => {
    const { apps, warnings, cwd } = await resolveIn({ 'server.js': '' }, { target: 'server.js' });
    expect(warnings).toEqual([]);
    expect(apps).toEqual([
      {
        name: 'server',
        origin: { file: null, project: null, name: 'server' },
        declared: { digest: expect.any(String) as string, instances: null, env: [], umask: false },
        script: join(cwd, 'server.js'),
        runner: [],
        args: [],
        cwd,
        kind: 'plain',
        instances: 1,
        interpreter: null,
        nodeArgs: [],
        env: { PATH: '/usr/bin' },
        user: null,
        umask: 0o022,
        instanceVar: 'NODE_APP_INSTANCE',
        incrementVar: null,
        ipc: 'none',
        port: null,
        socket: null,
        readyWhen: null,
        dependsOn: [],
        beforeReload: null,
        waitReady: false,
        listenTimeoutMs: 30_000,
        killTimeoutMs: 30_000,
        drainIdleMs: 10_000,
        maxDraining: null,
        overlap: null,
        ownPrimary: false,
        treekill: true,
        killSignal: null,
        shutdownWithMessage: false,
        maxMemoryBytes: null,
        autorestart: true,
        autostart: true,
        cron: null,
        namespace: 'default',
        filterEnv: [],
        pidFile: null,
        logFile: null,
        logDateFormat: null,
        watch: null,
        minUptimeMs: 1_000,
        maxRestarts: 16,
        restartDelayMs: null,
        backoffBaseMs: 100,
        stopExitCodes: [],
        outFile: '/home/lb/logs/server-out.log',
        errorFile: '/home/lb/logs/server-error.log',
        mergeLogs: true,
        logType: 'text',
        logMaxBytes: 10 * 1024 ** 2,
        logKeep: 5,
        balance: 'auto',
        weights: [],
        backup: [],
        maxConns: null,
        maxQueue: 8_192,
        handOffShare: 0.2,
        slowStartMs: 0,
        ipHashPrefix: { v4: 32, v6: 64 },
        proxyProtocol: null,
        health: null,
        ejection: { takeTimeoutMs: 5_000, loopDelayMs: 1_000, errorRate: 0.5, baseMs: 10_000, maxShare: 0.34 },
        canary: { monitorMs: 1_000, failureRate: 0.1, requests: 5 },
        hangTimeoutMs: 30_000,
        maxRequests: null,
        maxLifetimeMs: null,
        recycleJitter: 0.1,
        maxMemoryKillBytes: null,
        healthPort: null,
        readyMin: 1,
        drainDelayMs: 0,
        stopGraceMs: null,
        promClient: false,
        onEvent: null,
        scale: null,
      } satisfies AppSpec,
    ]);
  });

  it('takes flags, whose paths are relative to the caller, and arguments', async () => {
    const flags = { name: 'api', cwd: 'sub', instances: '-1', out_file: 'o.log', error_file: 'NULL', max_memory_restart: '300M' };
    const { apps, cwd } = await resolveIn({ 'sub/server.js': '' }, { target: 'server.js', flags, appArgs: ['--port', '1'] });
    expect(apps[0]).toMatchObject({ name: 'api', cwd: join(cwd, 'sub'), script: join(cwd, 'sub/server.js'), instances: 3 });
    expect(apps[0]).toMatchObject({ args: ['--port', '1'], outFile: join(cwd, 'o.log'), errorFile: null, maxMemoryBytes: 300 * 1024 ** 2 });
  });

  it('finds the script from the caller first, then below --cwd', async () => {
    const files = { 'sub/a.js': '', 'both.js': '', 'sub/both.js': '' };
    const inSub = async (target: string): Promise<[string | undefined, string]> => {
      const { apps, cwd } = await resolveIn(files, { target, flags: { cwd: 'sub' } });
      expect(apps[0]?.cwd).toBe(join(cwd, 'sub'));
      return [apps[0]?.script, cwd];
    };
    for (const [target, file] of [
      ['sub/a.js', 'sub/a.js'],
      ['a.js', 'sub/a.js'],
      ['both.js', 'both.js'],
    ] as const) {
      const [script, cwd] = await inSub(target);
      expect(script).toBe(join(cwd, file));
    }
  });

  it.each([
    ['max', 4],
    ['0', 4],
    ['-1', 3],
    ['-9', 1],
    ['7', 7],
  ])('-i %s of 4 CPUs is %i', async (instances, count) => {
    expect(await only({ 'a.js': '' }, { target: 'a.js', flags: { instances } })).toMatchObject({ instances: count });
  });

  it('reports what is missing or no script', async () => {
    expect(await failing({}, { target: 'gone.js' })).toMatchObject({ code: 'LB_ERR_SCRIPT_NOT_FOUND', details: { script: 'gone.js' } });
    expect(await failing(config({ script: 'gone.js' }))).toMatchObject({
      message: expect.stringMatching(/^script not found: gone\.js \(\S+: apps\[0\]\.script\)$/) as string,
    });
    const noPython = await failing({ 'job.py': '' }, { target: 'job.py', env: { PATH: '/nowhere' } });
    expect(noPython).toMatchObject({ code: 'LB_ERR_INTERPRETER', details: { app: 'job', interpreter: 'python3', reason: 'it is not in PATH' } });
    expect(await failing({ 'my, app.js': '' }, { target: 'my, app.js' })).toMatchObject({
      code: 'LB_ERR_CONFIG_VALUE',
      details: { path: 'name', got: '"my, app"' },
    });
    expect(await failing({ 'a.js': '' }, { target: 'a.js', flags: { cwd: 'gone' } })).toMatchObject({ details: { file: 'command line', path: '--cwd' } });
    expect(await failing({ 'a.js': '' }, { target: 'a.js', flags: { env_file: 'gone' } })).toMatchObject({ details: { path: '--env-file' } });
    expect(await failing({})).toMatchObject({ code: 'LB_ERR_USAGE' });
  });

  it('says that --env has no effect', async () => {
    const { warnings } = await resolveIn({ 'a.js': '' }, { target: 'a.js', envName: 'production' });
    expect(warnings).toEqual(['--env production has no effect without a config file: it selects "env_production" there']);
  });
});

describe('a config file', () => {
  it('is found, and flags win over it, it over defaults', async () => {
    const app = { name: 'api', script: 'app.js', kill_timeout: '5s', instances: 2, args: 'a b', nodeArgs: '--inspect' };
    const spec = await only(config(app), { flags: { instances: 'max' } });
    expect(spec).toMatchObject({ name: 'api', killTimeoutMs: 5_000, instances: 4, args: ['a', 'b'], nodeArgs: ['--inspect'], listenTimeoutMs: 30_000 });
    expect(await only(config(app), { appArgs: ['c'] })).toMatchObject({ args: ['c'] });
  });

  it('has paths relative to itself and to cwd', async () => {
    const app = { script: 'app', cwd: './service', out_file: 'logs/o.log', env_file: '.env' };
    const files = { 'deploy/lb.config.json': JSON.stringify([app]), 'deploy/service/app.js': '', 'deploy/service/.env': 'A=1' };
    const { apps, cwd } = await resolveIn(files, { target: 'deploy/lb.config.json' });
    const service = join(cwd, 'deploy/service');
    expect(apps[0]).toMatchObject({ cwd: service, script: join(service, 'app.js'), outFile: join(service, 'logs/o.log'), env: { A: '1' } });
  });

  it('finds a script where PM2 does, relative to the caller, and says so', async () => {
    const files = { 'deploy/ecosystem.config.json': '[{"script": "dist/app.js"}]', 'dist/app.js': '' };
    const { apps, warnings, cwd } = await resolveIn(files, { target: 'deploy/ecosystem.config.json' });
    expect(apps[0]).toMatchObject({ cwd, script: join(cwd, 'dist/app.js') });
    expect(warnings).toEqual([expect.stringContaining('deploy/ecosystem.config.json: [0].script: found only relative to the current directory')]);
  });

  it('is cut down with --only, before anything of the other apps is looked for', async () => {
    const files = config({ name: 'api', script: 'app.js' }, { name: 'web', script: 'gone.js', watch: true }, { script: 'other.js' });
    const { apps, warnings } = await resolveIn(files, { only: ['api,other'] });
    expect(apps.map(({ name }) => name)).toEqual(['api', 'other']);
    expect(warnings).toEqual([]);
    expect(await failing(files, { only: ['ap'] })).toMatchObject({
      details: { path: '--only', got: '"ap"', expected: expect.stringContaining('api, web, other') as string },
    });
  });

  it('refuses two apps of one name, and -n for several', async () => {
    const files = config({ name: 'api', script: 'app.js' }, { name: 'api', script: 'other.js' });
    expect(await failing(files)).toMatchObject({ code: 'LB_ERR_CONFIG_VALUE', details: { path: 'apps[1].name', got: '"api", the name of apps[0]' } });
    const two = config({ script: 'app.js' }, { script: 'other.js' });
    expect(await failing(two, { flags: { name: 'x' } })).toMatchObject({ details: { path: '--name' } });
    expect(await only(two, { flags: { name: 'x' }, only: ['other'] })).toMatchObject({ name: 'x' });
  });

  it('refuses the name "all", also where it is the name of the script', async () => {
    const expected = expect.stringContaining('a name other than "all"') as string;
    const files = { 'all.js': '' };
    expect(await failing(files, { target: 'all.js' })).toMatchObject({ code: 'LB_ERR_CONFIG_VALUE', details: { path: 'name', expected, got: '"all"' } });
    expect(await failing({ ...files, ...config({ script: 'all.js' }) })).toMatchObject({ details: { path: 'apps[0].name', expected } });
    expect(await failing(config({ script: 'app.js', name: 'all' }))).toMatchObject({ details: { path: 'apps[0].name', expected }, output: [] });
    expect(await failing(config({ script: 'app.js' }), { flags: { name: 'all' } })).toMatchObject({ details: { path: '--name', expected } });
    expect(await only(files, { target: 'all.js', flags: { name: 'every' } })).toMatchObject({ name: 'every' });
  });

  it('names all problems at once', async () => {
    const files = config({ script: 'app.js', instances: 'x' }, { script: 'gone.js', port: -1 }, { name: 'none' });
    const error = await failing(files, { flags: { kill_timeout: 'y' } });
    expect(error).toMatchObject({ code: 'LB_ERR_CONFIG_VALUE', details: { file: 'command line', path: '--kill-timeout' } });
    const { output } = error as { output: string[] };
    expect(output).toHaveLength(4);
    expect(output.join('\n')).toMatch(
      /apps\[0\]\.instances[\s\S]*apps\[1\]\.port[\s\S]*script not found: gone\.js[\s\S]*apps\[2\]\.script: expected the path of a script, got no value/,
    );
  });

  it('warns of nothing that PM2 has', async () => {
    const { warnings } = await resolveIn(config({ script: 'app.js', watch: true, force: true, vizion: false }));
    expect(warnings).toEqual([]);
  });
});

describe('the environment of the workers', () => {
  const files = {
    'lb.config.json': JSON.stringify([
      { script: 'app.js', port: 9, env_file: '.env', env: { C: 'env', D: 'env', GONE: null }, env_production: { D: 'profile', PORT: 1 } },
    ]),
    'app.js': '',
    '.env': 'B=file\nC=file\nPORT=2\n# comment\nQ="two words"',
  };

  it('is built from its layers', async () => {
    const env = { A: 'caller', B: 'caller', C: 'caller', GONE: 'x' };
    expect((await only(files, { env, envName: 'production' })).env).toEqual({ A: 'caller', B: 'file', C: 'env', D: 'profile', Q: 'two words', PORT: '9' });
    expect((await only(files, { env })).env).toMatchObject({ D: 'env', PORT: '9' });
  });

  it("inherits nothing of lb, PM2 and the wiring of Node, but what is the user's", async () => {
    const noise = { LB_HOME: 'x', LB_WORKER: '1', PM2_HOME: 'x', pm_id: '0', NODE_APP_INSTANCE: '0', NODE_UNIQUE_ID: '1', NODE_CHANNEL_FD: '3' };
    const kept = { npm_package_name: 'x', LB_URL: 'http://balancer', NODE_ENV: 'test', __proto__x: '1' };
    expect((await only({ 'a.js': '' }, { target: 'a.js', env: { ...noise, ...kept } })).env).toEqual(kept);
  });

  it('has PWD as after cd', async () => {
    const { apps, cwd } = await resolveIn({ 'sub/a.js': '' }, { target: 'a.js', flags: { cwd: 'sub' }, env: { PWD: '/elsewhere' } });
    expect(apps[0]?.env).toEqual({ PWD: join(cwd, 'sub') });
  });

  it('warns when no block has the name', async () => {
    expect((await resolveIn(files, { envName: 'staging' })).warnings).toEqual(['lb.config.json: no "env_staging" for app']);
  });

  it('names an env file that is not there', async () => {
    const error = await failing(config({ script: 'app.js', env_file: 'gone.env' }));
    expect(error).toMatchObject({
      details: { path: 'apps[0].env_file', expected: 'a readable dotenv file', got: expect.stringContaining('no such file') as string },
    });
  });
});

describe('the interpreter', () => {
  it('of an app may be another Node.js', async () => {
    const files = { ...config({ script: 'app.js', exec_interpreter: './node22' }), node22: '#!/bin/sh\necho v22.4.0' };
    const { apps, cwd } = await resolveIn(files);
    expect(apps[0]?.interpreter).toBe(join(cwd, 'node22'));
  });

  it('none needs a script that runs by itself', async () => {
    const error = await failing(config({ name: 'api', script: 'app.js', interpreter: 'none' }));
    expect(error).toHaveProperty('message', expect.stringMatching(/^api: interpreter none cannot be used: \S+app\.js is not an executable file$/));
  });
});

describe('options that contradict each other', () => {
  it.each([
    [{ balance: 'direct', max_conns: 5 }, 'max_conns'],
    [{ balance: 'direct', slow_start: '5s' }, 'slow_start'],
    [{ balance: 'direct', proxy_protocol: true }, 'proxy_protocol'],
    [{ balance: 'direct', weights: [2, 1] }, 'weights'],
    [{ instances: 2, weights: [0, 0, 1] }, 'weights'],
  ])('%j: %s', async (options, key) => {
    const files = { 'a.js': '', 'lb.config.json': JSON.stringify({ apps: [{ script: 'a.js', instances: 2, ...options }] }) };
    expect(await failing(files, { target: 'lb.config.json' })).toMatchObject({ code: 'LB_ERR_CONFIG_VALUE', details: { path: `apps[0].${key}` } });
  });

  it('are none', async () => {
    expect(await only({ 'a.js': '' }, { target: 'a.js', flags: { balance: 'direct', weights: '1,0', instances: '2' } })).toMatchObject({
      balance: 'direct',
      weights: [1, 0],
    });
  });
});

describe('a file that is started from another directory', () => {
  const FILES = { 'conf/ecosystem.config.json': '', 'conf/app.js': '', 'app.js': '', 'conf/dir/x.js': '', 'dir/x.js': '' };
  const warningsFor = async (app: object, only: Files = FILES): Promise<string[]> => {
    const files = { ...only, 'conf/ecosystem.config.json': JSON.stringify({ apps: [app] }) };
    const { warnings, cwd, apps } = await resolveIn(files, { target: 'conf/ecosystem.config.json' });
    expect(apps[0]?.script.startsWith(join(cwd, 'conf'))).toBe(true);
    return warnings.map((warning) => warning.replaceAll(cwd, ''));
  };

  it('warns where PM2 would take another script', async () => {
    expect(await warningsFor({ script: 'app.js' })).toEqual([
      'conf/ecosystem.config.json: apps[0].script: is /conf/app.js; PM2, which starts from the current directory, would take /app.js',
    ]);
    expect(await warningsFor({ script: 'x.js', cwd: 'dir' })).toEqual([
      'conf/ecosystem.config.json: apps[0].script: is /conf/dir/x.js; PM2, which starts from the current directory, would take /dir/x.js',
    ]);
  });

  it('warns where PM2 would take another working directory', async () => {
    expect(await warningsFor({ script: 'x.js', cwd: 'dir' }, { 'conf/dir/x.js': '', 'dir/other.js': '' })).toEqual([
      'conf/ecosystem.config.json: apps[0].cwd: is /conf/dir; PM2, which starts from the current directory, would take /dir',
    ]);
  });

  it('says nothing where there is only one', async () => {
    expect(await warningsFor({ script: 'app.js' }, { 'conf/app.js': '' })).toEqual([]);
  });
});
