import { afterEach, beforeEach, expect, it } from 'vitest';
import { runLean } from '../../src/cli/run-lean.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import { listedApp } from '../../src/protocol/listed-app.ts';
import { FakeDaemon } from '../client/fake-daemon.ts';
import { app } from '../client/samples.ts';
import { lb, runWith } from './run.ts';

const APPS = [app(), app({ name: 'docs', state: 'stopped', ready: 0, healthy: 0 })];

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = new FakeDaemon().on('GET /v1/apps', { json: { apps: APPS } }).on('GET /v1/list', { json: { apps: APPS.map(listedApp) } });
  await daemon.listen();
});
afterEach(() => daemon.stop());

const lean = (line: string, columns?: number): ReturnType<typeof runWith<number | null>> =>
  runWith(runLean, line.split(' '), { home: daemon.home, ...(columns === undefined ? {} : { columns, env: { TERM: 'xterm' } }) });

it.each(['list', 'ls --json'])('answers "lb %s" as the whole command line does', async (line) => {
  expect(await lean(line)).toEqual(await lb(line.split(' '), { home: daemon.home }));
  expect((await lean(line)).out).toContain('docs');
  expect(new Set(daemon.received.map(({ path }) => path).filter((path) => path !== '/v1/hello')).size).toBe(1);
});

it('colours a terminal and cuts to its width', async () => {
  const { out } = await lean('list', 80);
  expect(out).toContain('\u001b[32monline\u001b[39m');
});

it.each(['list --workers', 'list --watch', 'list --json --workers', 'list api', 'list --help', 'show api', 'daemon --help', ''])(
  'leaves "lb %s" to the whole command line',
  async (line) => {
    expect(await lean(line)).toEqual({ code: null, out: '', err: '' });
  },
);

it('leaves what is no plain answer to the whole command line, with nothing printed', async () => {
  const nothing = { code: null, out: '', err: '' };
  daemon.on('GET /v1/list', { json: { apps: [] } });
  expect(await lean('list')).toEqual(nothing);
  daemon.on('GET /v1/list', { json: { apps: 'none' } });
  expect(await lean('list')).toEqual(nothing);
  daemon.on('GET /v1/list', { error: new LbError('LB_ERR_PROTOCOL', { ours: 1, theirs: 2, version: '2.0.0' }) });
  expect(await lean('list')).toEqual(nothing);
  expect(await runWith(runLean, ['list'], { home: `${daemon.home}/none` })).toEqual(nothing);
});
