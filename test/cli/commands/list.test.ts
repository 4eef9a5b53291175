import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { HELLO } from '../../client/fake-daemon.ts';
import { lb as runLb, type Ran } from '../run.ts';
import { daemon, lb, withoutDaemon } from './daemon.ts';

describe('list', () => {
  it('prints the table, JSON with --json', async () => {
    const { code, out, err } = await lb('list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^api +0-1  online/m);
    expect(out).not.toContain('\u001b');
    expect(JSON.parse((await lb('ls --json')).out)).toHaveLength(2);
  });

  it('colours a terminal and cuts to its width', async () => {
    const { out } = await lb('l', { columns: 80, env: { TERM: 'xterm' } });
    expect(out).toContain('\u001b[32monline\u001b[39m');
    expect((await lb('l', { columns: 80, env: { TERM: 'xterm', NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });

  it('explains a refusal', async () => {
    daemon.on('GET /v1/list', { error: new LbError('LB_ERR_PROTOCOL', { ours: 1, theirs: 2, version: '2.0.0' }) });
    expect(await lb('list')).toMatchObject({ code: 4, err: expect.stringContaining('speaks 2') as string });
    daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: 3, version: '3.0.0' } });
    expect(await lb('list')).toMatchObject({ code: 4, err: expect.stringContaining('lb 3.0.0) speaks 3') as string });
  });

  it('is empty and no failure without a daemon', async () => {
    expect(await withoutDaemon('list')).toEqual({ code: 0, out: '', err: expect.stringContaining('no daemon is running for') as string });
    expect((await withoutDaemon('status --json')).out).toBe('[]\n');
  });
});

describe('list where nothing runs', () => {
  const home = (state: string | null): string => {
    const path = join(daemon.home, 'idle');
    mkdirSync(path, { recursive: true });
    if (state !== null) writeFileSync(join(path, 'state.json'), state);
    return path;
  };
  const saved = (name: string, desired: string): object => ({ desired, spec: { name, outFile: null, errorFile: null, mergeLogs: false } });
  const listed = (state: string | null): Promise<Ran> => runLb(['list'], { home: home(state) });

  it('says which apps were running, and how they come back', async () => {
    const state = JSON.stringify({ version: 1, apps: [saved('api', 'running'), saved('old', 'stopped'), saved('web', 'running')] });
    const err = 'nothing is running, but these apps were: api, web; "lb start api" brings them all back\n';
    expect(await listed(state)).toEqual({ code: 0, out: '', err: expect.stringContaining(err) as string });
    expect(await runLb(['show', 'api'], { home: home(state) })).toMatchObject({ code: 4, err: expect.stringContaining('"lb start api"') as string });
  });

  it('names apps that are all stopped', async () => {
    const err = 'nothing is running; stopped apps: old\n';
    expect(await listed(JSON.stringify({ version: 1, apps: [saved('old', 'stopped')] }))).toMatchObject({
      code: 0,
      err: expect.stringContaining(err) as string,
    });
  });

  it('says that the definitions cannot be read, or were set aside', async () => {
    expect(await listed('{"apps":')).toMatchObject({ code: 0, err: expect.stringMatching(/state\.json cannot be read: .*; repair it, or/) as string });
    writeFileSync(join(home(null), 'state.json.unreadable-5'), '');
    const err = expect.stringMatching(/were set aside: .*\/state\.json\.unreadable-5\n/) as string;
    expect(await listed(JSON.stringify({ version: 1, apps: [] }))).toMatchObject({ code: 0, err });
  });
});

it('list says what the daemon has to say besides the apps', async () => {
  daemon.on('GET /v1/list', { json: { apps: [], notes: ['state.json cannot be read; kept as x'] } });
  expect((await lb('list')).err).toContain('state.json cannot be read; kept as x\n');
});

describe('list --workers', () => {
  it('prints one line per worker; JSON has them in any case', async () => {
    const { code, out } = await lb('list -w');
    expect({ code, head: out.split('\n', 1)[0] }).toEqual({ code: 0, head: expect.stringMatching(/^app +id +slot +state .* weight .* hand-off$/) as string });
    expect(out.split('\n').filter((line) => line.startsWith('api '))).toHaveLength(2);
    expect((await lb('list --workers --json')).out).toBe((await lb('list --json')).out);
  });
});
