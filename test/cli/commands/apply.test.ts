import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { app, done } from '../../client/samples.ts';
import { sampleSpec } from '../../lifecycle/sample-spec.ts';
import { daemon, jsonLines, lb, withoutDaemon, work } from './daemon.ts';

const { env: _, ...definition } = sampleSpec();
const configure = (...apps: readonly object[]): void => writeFileSync(join(work, 'lb.config.json'), JSON.stringify({ apps }));
const old = { name: 'old', spec: { ...definition, name: 'old', envNames: [], origin: { file: '', project: null } } };

describe('apply', () => {
  beforeEach(() => {
    writeFileSync(join(work, 'server.js'), '');
    const gone = app({ ...old, spec: { ...old.spec, origin: { file: join(work, 'lb.config.json'), project: null, name: 'old' } } });
    const others = app({ name: 'theirs', spec: { ...old.spec, name: 'theirs', origin: { file: '/srv/lb.config.json', project: null } } });
    daemon.on('GET /v1/apps', { json: { apps: [app(), gone, others] } }).on('GET /v1/apps/api/env', { json: { env: { TOKEN: 'kept', PORT: '1' } } });
    daemon.on('POST /v1/apps', { stream: [done('web is online')] }).on('POST /v1/apps/api/reload', { stream: [done('api reloaded')] });
    daemon.on('DELETE /v1/apps/old', { stream: [done('old was deleted')] });
    configure({ name: 'api', script: 'server.js', env: { PORT: 80 } }, { name: 'web', script: 'server.js' });
  });
  const orders = (): readonly string[] => daemon.orders.map(({ method, path }) => `${method} ${path}`);

  it('starts what is missing and reloads what is defined otherwise, with the environment that it inherited', async () => {
    expect(await lb('apply --parallel 2', { env: { TOKEN: 'of this shell' } })).toEqual({ code: 0, out: 'web is online\napi reloaded\n', err: '' });
    expect(orders()).toEqual(['POST /v1/apps', 'POST /v1/apps/api/reload']);
    expect(daemon.orders[1]?.body).toMatchObject({ parallel: 2, spec: { name: 'api', env: { TOKEN: 'kept', PORT: '80' } } });
    await lb('apply --update-env', { env: { TOKEN: 'of this shell' } });
    expect(daemon.orders[3]?.body).toMatchObject({ spec: { env: { TOKEN: 'of this shell', PORT: '80' } } });
  });

  it('only says what it would do with --dry-run', async () => {
    const lines = 'reload api: its definition changed\nstart web\n';
    expect(await lb('apply --dry-run')).toEqual({ code: 0, out: lines, err: '' });
    expect(await lb('apply --dry-run --prune')).toEqual({ code: 0, out: `${lines}delete old: no longer in the file\n`, err: '' });
    expect(jsonLines((await lb('apply --dry-run --json')).out)).toEqual([
      {
        steps: [
          { do: 'reload', app: 'api', because: 'definition' },
          { do: 'start', app: 'web' },
        ],
      },
    ]);
    expect(orders()).toEqual([]);
  });

  it('--prune deletes what is no longer in this file, after a yes', async () => {
    const question = 'this deletes old, no longer in lb.config.json';
    expect(await lb('apply --prune')).toMatchObject({ code: 2, err: expect.stringContaining(`${question}; without a terminal that needs --yes`) as string });
    expect(await lb('apply --prune', { typed: 'n' })).toMatchObject({ code: 5, err: expect.stringContaining('nothing was changed') as string });
    expect(orders()).toEqual([]);
    expect((await lb('apply --prune', { typed: 'y' })).code).toBe(0);
    expect((await lb('apply --prune --yes')).code).toBe(0);
    expect(orders()).toEqual([
      'POST /v1/apps',
      'POST /v1/apps/api/reload',
      'DELETE /v1/apps/old',
      'POST /v1/apps',
      'POST /v1/apps/api/reload',
      'DELETE /v1/apps/old',
    ]);
  });

  it('refuses what is no config file, and to prune a part or what has no name', async () => {
    expect(await lb('apply api')).toMatchObject({ code: 2, err: expect.stringContaining('"api" is not a config file') as string });
    expect(await lb('apply server.js')).toMatchObject({ code: 2, err: expect.stringContaining('"server.js" is not a config file') as string });
    expect(await lb('apply --prune --only api')).toMatchObject({ code: 2, err: expect.stringContaining('leave one of them out') as string });
    expect(await lb('apply - --prune', { stdin: '[{"script":"server.js"}]' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('needs a file') as string,
    });
    configure({ name: 'api', script: 'server.js', instances: 'many' });
    expect((await lb('apply')).code).toBe(2);
    expect(orders()).toEqual([]);
  });

  it('a failure does not stop the rest, and is the exit code', async () => {
    daemon.on('POST /v1/apps', { stream: [{ type: 'result', ok: false, error: { code: 'LB_ERR_START_FAILED', message: 'web did not start' } }] });
    expect(await lb('apply')).toMatchObject({ code: 1, out: 'api reloaded\n' });
    expect(orders()).toEqual(['POST /v1/apps', 'POST /v1/apps/api/reload']);
  });

  it('says what it would do where nothing runs, and starts no daemon for that', async () => {
    expect(await withoutDaemon(`apply ${join(work, 'lb.config.json')} --dry-run`)).toEqual({ code: 0, out: 'start api\nstart web\n', err: '' });
  });
});
