import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { app, done, progress } from '../../client/samples.ts';
import { daemon, jsonLines, lb, withoutDaemon, work } from './daemon.ts';

describe('operations', () => {
  it('print progress on stderr and the result on stdout', async () => {
    const again = progress({ slot: 1, message: 'api[1] draining' });
    daemon.on('POST /v1/apps/api/reload', { stream: [progress(), again, again, done('"api" reloaded, 2 workers')] });
    expect(await lb('reload api --parallel 2 --monitor 1.5s --on-failure pause --all-at-once')).toEqual({
      code: 0,
      out: '"api" reloaded, 2 workers\n',
      err: 'api[0] ready in 312 ms\napi[1] draining\n',
    });
    expect(daemon.orders).toMatchObject([{ body: { parallel: 2, monitorMs: 1500, onFailure: 'pause', allAtOnce: true } }]);
  });

  it('print raw records with --json', async () => {
    daemon.on('POST /v1/apps/api/stop', { stream: [progress(), done('stopped')] });
    const { out, err } = await lb('stop api --json');
    expect(jsonLines(out)).toEqual([progress(), done('stopped')]);
    expect(err).toBe('');
  });

  it('print a failure with the last words of the worker', async () => {
    const error = new LbError(
      'LB_ERR_RELOAD_FAILED',
      { app: 'api', reason: 'api[0] exit code 1', serving: 'the previous version is still serving' },
      Array.from({ length: 50 }, (_, i) => `line ${i}`),
    );
    daemon.on('POST /v1/apps/api/reload', { stream: [{ type: 'result', ok: false, error: error.toRecord() }] });
    const { code, out, err } = await lb('reload api');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const lines = err.trimEnd().split('\n');
    expect(lines[0]).toBe('error: reload of "api" failed: api[0] exit code 1');
    expect(lines.slice(1, -1)).toEqual(Array.from({ length: 40 }, (_, i) => `  | line ${i + 10}`));
    expect(lines.at(-1)).toBe('hint: the previous version is still serving; fix the problem and reload again');
    const json = await lb('reload api --json');
    expect(jsonLines(json.out)).toHaveLength(1);
    expect(json.code).toBe(1);
  });

  it('go on with the next target after a failure, and end with the code of the first', async () => {
    daemon.on('POST /v1/apps/api/stop', { error: new LbError('LB_ERR_OPERATION_FAILED', { operation: 'stop', app: 'api', reason: 'no' }) });
    daemon.on('POST /v1/apps/docs/stop', { stream: [done('docs stopped')] });
    expect(await lb('stop ap api docs --now')).toMatchObject({ code: 3, out: 'docs stopped\n' });
    expect(await lb('stop api ap docs')).toMatchObject({ code: 1 });
    expect(daemon.orders.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/apps/api/stop', { now: true }],
      ['/v1/apps/docs/stop', { now: true }],
      ['/v1/apps/api/stop', {}],
      ['/v1/apps/docs/stop', {}],
    ]);
  });

  it('take "all" as every app that is concerned', async () => {
    for (const route of ['POST /v1/apps/api/stop', 'POST /v1/apps/api/restart', 'POST /v1/apps/docs/start', 'DELETE /v1/apps/api', 'DELETE /v1/apps/docs']) {
      daemon.on(route, { stream: [done('done')] });
    }
    expect([(await lb('stop all')).code, (await lb('restart all')).code, (await lb('del all')).code]).toEqual([0, 0, 0]);
    expect(daemon.orders.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/apps/api/stop',
      'POST /v1/apps/api/restart',
      'POST /v1/apps/docs/start',
      'DELETE /v1/apps/api',
      'DELETE /v1/apps/docs',
    ]);
    daemon.on('GET /v1/apps', { json: { apps: [] } });
    expect(await lb('reload all')).toEqual({ code: 0, out: '', err: 'there are no apps\n' });
  });

  it('restart several apps at a time, and end with the code of the first that failed', async () => {
    const apps = ['a', 'b', 'c'].map((name) => app({ name }));
    daemon.on('GET /v1/apps', { json: { apps } });
    const held: ServerResponse[] = [];
    const answer = (response: ServerResponse): void => void held.push(response);
    for (const { name } of apps) daemon.on(`POST /v1/apps/${name}/restart`, answer);
    const ran = lb('restart all --parallel 2');
    await expect.poll(() => held.length).toBe(2);
    const error = new LbError('LB_ERR_OPERATION_FAILED', { operation: 'restart', app: 'b', reason: 'no' }).toRecord();
    held[1]?.end(`${JSON.stringify({ type: 'result', ok: false, error })}\n`);
    await expect.poll(() => held.length).toBe(3);
    for (const response of [held[0], held[2]]) response?.end(`${JSON.stringify(done('done'))}\n`);
    expect(await ran).toMatchObject({ code: 1, out: 'done\ndone\n' });
    expect(daemon.orders.map(({ path }) => path)).toEqual(['a', 'b', 'c'].map((name) => `/v1/apps/${name}/restart`));
  });

  it('end with 4 when the daemon goes away', async () => {
    daemon.on('POST /v1/apps/api/reload', { stream: [progress()], cut: true });
    expect(await lb('reload api')).toMatchObject({ code: 4, err: expect.stringContaining('the daemon ended during the operation') as string });
    expect((await withoutDaemon('reload api')).code).toBe(4);
  });

  it('go on in the background after Ctrl-C', async () => {
    daemon.on('POST /v1/apps/api/reload', { stream: [progress()], hold: true });
    let interrupt = (): void => {};
    const ran = await lb('reload api', { onReady: (given) => (interrupt = given), onOutput: () => interrupt() });
    expect(ran).toEqual({ code: 130, out: '', err: expect.stringContaining('the reload of "api" continues in the background') as string });
    expect(daemon.orders).toHaveLength(1);
  });

  it('abort a reload', async () => {
    daemon.on('POST /v1/apps/api/abort', { stream: [done('given up')] });
    expect(await lb('reload api --abort')).toMatchObject({ code: 0, out: 'given up\n' });
  });
});

describe('scale and signal', () => {
  it.each([
    ['4', { to: 4 }],
    ['+2', { by: 2 }],
    ['-1', { by: -1 }],
    ['auto', { auto: true }],
  ])('scale api %s', async (amount, body) => {
    daemon.on('POST /v1/apps/api/scale', { stream: [done('scaled')] });
    expect((await lb(`scale api ${amount}`)).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual(body);
  });

  it('scale to what the machine grants', async () => {
    daemon.on('POST /v1/apps/api/scale', { stream: [done('scaled')] });
    await lb('scale api max');
    expect(daemon.orders[0]?.body).toEqual({ to: expect.any(Number) as number });
  });

  it.each(['0', '1.5', 'many', '--4', '1025', '+1025'])('refuses to scale to %s', async (amount) => {
    expect((await lb(`scale api ${amount}`)).code).toBe(2);
    expect(daemon.orders).toEqual([]);
  });

  it('signals', async () => {
    daemon.on('POST /v1/apps/api/signal', { stream: [done('sent')] });
    expect((await lb('sendSignal usr2 api')).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual({ signal: 'SIGUSR2' });
    expect(await lb('signal SIGFOO api')).toMatchObject({ code: 2, err: expect.stringContaining('unknown signal') as string });
  });
});

describe('balance and weight', () => {
  it('balance', async () => {
    daemon.on('POST /v1/apps/api/balance', { stream: [done('api is balanced by ip-hash (was round-robin)')] });
    expect(await lb('balance api ip-hash')).toEqual({ code: 0, out: 'api is balanced by ip-hash (was round-robin)\n', err: '' });
    expect(daemon.orders[0]?.body).toEqual({ strategy: 'ip-hash' });
  });

  it('weight, of several slots at once', async () => {
    daemon.on('POST /v1/apps/api/weight', { stream: [done('changed')] });
    expect((await lb('weight api 3=0 0=0.25 1=256')).code).toBe(0);
    expect(daemon.orders[0]?.body).toEqual({
      weights: [
        { slot: 3, weight: 0 },
        { slot: 0, weight: 0.25 },
        { slot: 1, weight: 256 },
      ],
    });
  });

  it.each([
    'balance api fastest',
    'balance api',
    'weight api',
    'weight api 1',
    'weight api 1=257',
    'weight api 1=-1',
    'weight api a=1',
    'weight api 1=.5',
    'weight api 1=0 2',
  ])('%s is a usage error', async (line) => {
    const { code, err } = await lb(line);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('error: ') as string });
    expect(daemon.orders).toEqual([]);
  });

  it('names the strategies and the form of a weight', async () => {
    expect((await lb('balance api fastest')).err).toContain(
      'expected a strategy (auto, round-robin, least-connections, ip-hash, random, direct), got "fastest"',
    );
    expect((await lb('weight api 1=257')).err).toContain('expected <slot>=<weight> with a weight from 0 to 256, such as 3=0, got "1=257"');
  });

  it('pass on what the daemon refuses', async () => {
    daemon.on('POST /v1/apps/api/balance', {
      error: new LbError('LB_ERR_BALANCE', { app: 'api', strategy: 'direct', options: 'max_conns' }),
    });
    daemon.on('POST /v1/apps/api/weight', { error: new LbError('LB_ERR_SLOT', { app: 'api', slot: 9, last: 1 }) });
    expect([(await lb('balance api direct')).code, (await lb('weight api 9=1')).code, (await lb('weight apu 0=1')).code]).toEqual([1, 3, 3]);
  });
});

it.each(['x', '-1', ''])('profile names the slot %j as what is wrong', async (slot) => {
  expect(await lb(`profile api:${slot} --cpu 1s`)).toMatchObject({
    code: 2,
    err: expect.stringContaining(`after "api:", such as api:0, got "${slot}"`) as string,
  });
});

describe('profile', () => {
  const refused = async (line: string): Promise<string> => {
    const { code, err } = await lb(line);
    expect([code, daemon.orders]).toEqual([2, []]);
    return err;
  };

  it.each([':0', ':'])('%j names no app', async (target) => {
    expect(await refused(`profile ${target} --heap`)).toContain(`expected an app name, optionally with a slot such as api:0, got "${target}"`);
  });

  it('takes a time above 0', async () => {
    for (const time of ['0', '11m']) expect(await refused(`profile api --cpu ${time}`)).toContain('expected a duration of more than 0, at most 10m');
  });

  it('says why its file cannot go there', async () => {
    writeFileSync(join(work, 'file'), '');
    expect(await refused(`report api -o ${work}/none/x`)).toContain(`--output ${work}/none/x: no such directory: ${work}/none\n`);
    expect(await refused('report api -o file/x')).toContain(`--output file/x: ${work}/file is not a directory\n`);
    expect(await refused('report api -o file/x/y')).toContain(`${work}/file/x is not a directory\n`);
    expect(await refused('report api -o .')).toContain('--output .: it is a directory\n');
  });

  it('tells how small its file is', async () => {
    daemon.on('POST /v1/apps/api/profile', {
      stream: [{ type: 'result', ok: true, apps: [], message: 'taken', file: { what: 'cpu', path: '/p/x', bytes: 153, slot: 0, pid: 1 } }],
    });
    expect(await lb('profile api --cpu 1s')).toMatchObject({ code: 0, err: expect.stringMatching(/^153B; /) as string });
  });
});
