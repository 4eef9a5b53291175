import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LbError } from '../../../src/errors/lb-error.ts';
import { startTimeOf } from '../../../src/system/processes.ts';
import { HELLO } from '../../client/fake-daemon.ts';
import { lb as runLb, type Ran } from '../run.ts';
import { daemon, lb, withoutDaemon } from './daemon.ts';

describe('list', () => {
  it('prints the table, JSON with --json', async () => {
    const { code, out, err } = await lb('list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('api   online');
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

describe('list without a daemon', () => {
  const record = (content: string): Promise<Ran> => {
    const home = join(daemon.home, 'lost');
    mkdirSync(join(home, 'primaries'), { recursive: true });
    writeFileSync(join(home, 'primaries', 'api.json'), content);
    return runLb(['list'], { home });
  };

  it('is a failure while primaries of it are alive', async () => {
    const ran = await record(JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }));
    const message = 'error: the daemon is gone; its apps keep serving, and a new daemon starts automatically within seconds\n';
    expect(ran).toEqual({ code: 4, out: '', err: expect.stringContaining(message) as string });
  });

  it.each(['{"pid":2147483646,"startTime":1}', '{"pid":', 'null'])('is none with the record %s', async (content) => {
    expect(await record(content)).toMatchObject({ code: 0, err: expect.stringContaining('no daemon is running for') as string });
  });
});

describe('list --workers', () => {
  it('prints one line per worker; JSON has them in any case', async () => {
    const { code, out } = await lb('list -w');
    expect({ code, head: out.split('\n', 1)[0] }).toEqual({ code: 0, head: expect.stringMatching(/^app +slot +state .* weight .* hand-off$/) as string });
    expect(out.split('\n').filter((line) => line.startsWith('api '))).toHaveLength(2);
    expect((await lb('list --workers --json')).out).toBe((await lb('list --json')).out);
  });
});
