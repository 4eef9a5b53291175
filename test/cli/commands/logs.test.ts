import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../../../src/protocol/control.ts';
import type { Ran, Surroundings } from '../run.ts';
import { app } from '../../client/samples.ts';
import { daemon, jsonLines, lb as lbOf } from './daemon.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
/** Where no daemon runs, unless it is the home of the one there is. */
let home: string;
const file = (name: string): string => join(home, 'logs', name);
const lb = (line: string, more: Partial<Surroundings> = {}): Promise<Ran> => lbOf(line, { home, ...more });
const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString();

interface Saved {
  readonly name: string;
  readonly outFile?: string | null;
  readonly errorFile?: string | null;
  readonly mergeLogs?: boolean;
  readonly desired?: string;
}

/** What the daemon has saved of its apps; it does not have to run. */
function save(...apps: readonly Saved[]): void {
  const saved = apps.map(({ name, outFile = file(`${name}-out.log`), errorFile = file(`${name}-error.log`), mergeLogs = true, desired = 'running' }) => ({
    spec: { name, outFile, errorFile, mergeLogs },
    desired,
  }));
  writeFileSync(join(home, 'state.json'), JSON.stringify({ version: 1, apps: saved }));
}

/** Follows until the output contains a text; what is written once it has begun. */
async function follow(line: string, { until, written, ...more }: { until: string; written: () => void } & Partial<Surroundings>): Promise<Ran> {
  let interrupt = (): void => {};
  let seen = '';
  return await lb(line, {
    ...more,
    onReady: (given) => {
      interrupt = given;
      written();
    },
    onOutput: (text) => {
      seen += text;
      if (seen.includes(until)) interrupt();
    },
  });
}

beforeEach(() => prepare(join(daemon.home, 'other')));

function prepare(directory: string): void {
  home = directory;
  mkdirSync(join(home, 'logs'), { recursive: true });
  save({ name: 'api' }, { name: 'docs', desired: 'stopped' });
  writeFileSync(file('api-out.log'), [1, 3, 5].map((second) => `${at(second)} out ${second}\n`).join(''));
  writeFileSync(file('api-error.log'), [2, 4].map((second) => `${at(second)} err ${second}\n  at a stack\n`).join(''));
  writeFileSync(file('docs-out.log'), `${at(2.5)} docs\n`);
}

const shown = (ran: Ran): string[] =>
  ran.out
    .trimEnd()
    .replaceAll(/2026\S+ /g, '')
    .split('\n');

describe('logs', () => {
  it('reads the files, and needs no daemon', async () => {
    expect(await lb('logs api --no-follow --lines 4')).toEqual({
      code: 0,
      out: `api ${at(3)} out 3\napi ${at(4)} err 4\napi   at a stack\napi ${at(5)} out 5\n`,
      err: '',
    });
    expect(shown(await lb('logs --nostream'))).toEqual([
      'api out 1',
      'api err 2',
      'api   at a stack',
      'docs docs',
      'api out 3',
      'api err 4',
      'api   at a stack',
      'api out 5',
    ]);
    expect(shown(await lb('logs docs api --no-follow --lines 1'))).toEqual(['docs docs', 'api out 5']);
    expect((await lb('logs all --no-follow --lines 0')).out).toBe('');
  });

  it('shows one stream, some lines, or some time', async () => {
    expect(shown(await lb('logs api --no-follow --err -n 2'))).toEqual(['api err 4', 'api   at a stack']);
    expect(shown(await lb('logs api --no-follow --grep OUT -i --lines 2'))).toEqual(['api out 3', 'api out 5']);
    expect(shown(await lb(`logs api --no-follow --since ${at(3)}`))).toEqual(['api out 3', 'api err 4', 'api   at a stack', 'api out 5']);
    expect(shown(await lb(`logs api --until ${at(4)} --lines 2`))).toEqual(['api err 4', 'api   at a stack']);
    appendFileSync(file('docs-error.log'), 'untimed\n');
    expect(await lb(`logs docs --no-follow --since ${at(0)}`)).toMatchObject({
      code: 0,
      err: '1 line was left out, because it is not known when it was written\n',
    });
  });

  it('prints times, records, or the bare lines', async () => {
    const { out } = await lb('logs api --no-follow --lines 2 -t', { env: { FORCE_COLOR: '0' } });
    expect(out).toMatch(/^- api {3}at a stack\n2026-01-01 \d\d:\d\d:05\.000 api /);
    expect((await lb('logs api --no-follow --lines 2 --raw')).out).toBe(`  at a stack\n${at(5)} out 5\n`);
    expect((await lb('logs api --no-follow --lines 1 --format')).out).toBe(`timestamp=${at(5)} app=api id=- type=out message=${at(5)} out 5\n`);
    expect(jsonLines((await lb('logs api --no-follow --lines 2 --json')).out)).toEqual([
      { app: 'api', slot: null, pid: null, stream: 'err', at: null, text: '  at a stack' },
      { app: 'api', slot: null, pid: null, stream: 'out', at: NOON + 5000, text: `${at(5)} out 5` },
    ]);
  });

  it('prints times in a format of dayjs, and does not take an app for one', async () => {
    const { out } = await lb('logs api --no-follow --lines 2 --timestamp [at]mm:ss.SSS', { env: { FORCE_COLOR: '0' } });
    expect(out).toMatch(/^- api {3}at a stack\nat00:05\.000 api /);
    expect((await lb('logs api --no-follow --lines 2 --timestamp', { env: { FORCE_COLOR: '0' } })).out).toMatch(/\n2026-01-01 \d\d:\d\d:05\.000 api /);
    expect(await lb('logs --timestamp docs --no-follow')).toMatchObject({ code: 2, err: expect.stringContaining('"lb logs docs --timestamp"') as string });
  });

  it('takes a config file for its apps, also while following', async () => {
    const config = join(home, 'lb.config.json');
    writeFileSync(join(home, 'app.js'), '');
    writeFileSync(
      config,
      JSON.stringify([
        { name: 'docs', script: 'app.js' },
        { name: 'other', script: 'app.js' },
      ]),
    );
    const ran = await lb(`logs ${config} --no-follow`);
    expect([shown(ran), ran.err]).toEqual([['docs docs'], 'not defined: other\n']);
    const followed = await follow(`logs ${config} --lines 1`, { until: 'again', written: () => appendFileSync(file('docs-out.log'), `${at(9)} again\n`) });
    expect(shown(followed)).toEqual(['docs docs', 'docs again']);
    writeFileSync(config, '{');
    expect(await lb(`logs ${config} --no-follow`)).toMatchObject({ code: 2, err: expect.stringContaining('lb.config.json') as string });
  });

  it('names the slots whose files are separate', async () => {
    save({ name: 'api', mergeLogs: false });
    for (const slot of [0, 1]) writeFileSync(file(`api-out-${slot}.log`), `${at(slot)} slot ${slot}\n`);
    expect(shown(await lb('logs api --no-follow'))).toEqual(['api[0] slot 0', 'api[1] slot 1']);
  });

  it('refuses what it cannot know, each with its exit code', async () => {
    expect(await lb('logs apy --no-follow')).toMatchObject({ code: 3, err: expect.stringContaining('did you mean "api"') });
    expect(await lb('logs api --grep (')).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected a regular expression (Unterminated group), got "("'),
    });
    expect(await lb('logs api --since soon')).toMatchObject({ code: 2, err: expect.stringContaining('expected a duration such as 10m') });
    expect(await lb('logs api --since 1h --until 2h')).toMatchObject({ code: 2, err: expect.stringContaining('--since is later than --until') });
    expect(await lb('logs api --out --err')).toMatchObject({ code: 2, err: expect.stringContaining('cannot be combined') });
  });

  it('says that there are no apps, and what it cannot read', async () => {
    rmSync(join(home, 'state.json'));
    expect(await lb('logs')).toEqual({ code: 0, out: '', err: 'no apps yet; start one with "lb start <script>"\n' });
    writeFileSync(join(home, 'state.json'), '{');
    expect((await lb('logs')).err).toContain('state.json cannot be read');
  });

  it('follows the files, those of new apps too, until Ctrl-C', async () => {
    const ran = await follow('logs --lines 1', {
      until: 'hello',
      written: () => {
        appendFileSync(file('api-out.log'), `${at(6)} live\n`);
        save({ name: 'api' }, { name: 'docs', desired: 'stopped' }, { name: 'new' });
        writeFileSync(file('new-out.log'), `${new Date(Date.now() + 60_000).toISOString()} hello\n`);
      },
    });
    expect(shown(ran)).toEqual(['docs docs', 'api out 5', 'api live', 'new hello']);
    expect(ran.code).toBe(130);
    const stopped = await follow('logs docs --lines 1', { until: 'again', written: () => appendFileSync(file('docs-out.log'), `${at(9)} again\n`) });
    expect(stopped).toMatchObject({ code: 130, err: 'docs is not running; new lines appear here when it runs again\n' });
    expect(shown(stopped)).toEqual(['docs docs', 'docs again']);
  });

  it('shows neither more nor less of an app whose colours and controls go to a terminal', async () => {
    writeFileSync(file('docs-out.log'), '\u001b[32mgreen\u001b[39m \u001b]0;title\u0007\u001b[2J\u202etxt\n');
    const terminal = { columns: 80, env: { NO_COLOR: '1' } };
    expect((await lb('logs docs --no-follow', terminal)).out).toBe('docs \u001b[32mgreen\u001b[39m ^[]0;title^G^[[2J\\u202etxt\u001b[0m\n');
    expect((await lb('logs docs --no-follow --raw', terminal)).out).toContain('\u001b[2J');
    expect((await lb('logs docs --no-follow')).out).toContain('\u001b[2J');
    const { out } = await lb('logs api --no-follow --lines 1 --highlight out', { env: { FORCE_COLOR: '1' } });
    expect(out).toContain('\u001b[93mout\u001b[39m');
    expect(stripVTControlCharacters(out)).toBe(`api ${at(5)} out 5\n`);
  });
});

describe('logs of streams without a file', () => {
  const line = (time: number, text: string, stream: 'out' | 'err' = 'out'): LogLine => ({ app: 'api', slot: 1, pid: 7, stream, at: NOON + time * 1000, text });

  beforeEach(() => {
    prepare(daemon.home);
    save({ name: 'api', outFile: null });
    daemon.on('GET /v1/apps', { json: { apps: [app()] } });
    daemon.on('GET /v1/apps/api/logs?lines=1000000', { json: { lines: [line(1, 'one'), line(3, 'in the file too', 'err'), line(4.5, 'two')] } });
  });

  it('come from the memory of the primary', async () => {
    const ran = await lb('logs api --no-follow');
    expect(shown(ran)).toEqual(['api[1] one', 'api err 2', 'api   at a stack', 'api err 4', 'api   at a stack', 'api[1] two']);
    expect(ran.err).toBe('api writes no log file for stdout; only the last 2 lines are in memory\n');
    prepare(join(daemon.home, 'other'));
    save({ name: 'api', outFile: null });
    expect((await lb('logs api --no-follow')).err).toBe('api writes no log file for stdout, and the lines in memory cannot be read: no daemon is running\n');
  });

  it('are followed through the daemon, each once', async () => {
    daemon.onLogs = (socket, url) => {
      expect(url).toBe('/v1/logs?lines=1000000');
      for (const each of [line(1, 'one'), line(3, 'err', 'err'), line(4.5, 'two'), line(4.5, 'same moment'), line(6, 'live')])
        socket.send(JSON.stringify({ type: 'line', line: each }));
      socket.send(JSON.stringify({ type: 'dropped', lines: 3 }));
    };
    const ran = await follow('logs api --lines 2', { until: 'live', written: () => {} });
    expect(shown(ran)).toEqual(['api   at a stack', 'api[1] two', 'api[1] same moment', 'api[1] live']);
    expect(ran.err).toContain('3 lines skipped: output was read too slowly');
  });
});
