/** @module-tag light */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { StoredLine } from '../../src/logs/stored-line.ts';
import { getJson } from '../helpers/http.ts';
import { processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** Everything in the files of an app's stdout, oldest first. */
function written(name: string): string[] {
  const numberOf = (file: string): number => Number(/\.(\d+)(?:\.gz)?$/.exec(file)?.[1] ?? 0);
  const files = [...sandbox.logFiles()].filter(([file]) => file.startsWith(`${name}-out.log`) && !file.endsWith('.tmp'));
  // A file that is being compressed is there twice for a moment.
  const whole = files.filter(([file]) => !file.endsWith('.gz') || !files.some(([other]) => `${other}.gz` === file));
  const texts = whole.sort(([a], [b]) => numberOf(b) - numberOf(a)).map(([file, content]) => (file.endsWith('.gz') ? gunzipSync(content) : content).toString());
  return texts.join('').split('\n').slice(0, -1);
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

it('lb logs reads the files whatever process is new, and follows them without a gap or a double', async () => {
  const { name, port } = await sandbox.start('exits-on-request.cjs', { flags: ['--log-max-size', '8K', '--log-keep', '50'] });
  const before = 300;
  await getJson(port, `/?lines=${2 * before}`);
  await sandbox.waitFor('the first lines', () => written(name).length === before);
  const follow = sandbox.lbBackground('logs', name, '--out', '--raw', '--lines', '100');
  await sandbox.waitFor('the past lines', () => linesOf(follow.stdout).length === 100);
  let expected = before;
  const more = async (count: number): Promise<void> => {
    await getJson(port, `/?lines=${2 * count}`);
    expected += count;
    await sandbox.waitFor('all lines to be followed', () => linesOf(follow.stdout).length >= expected - before + 100);
  };
  await more(1000);
  await sandbox.killPrimary(name);
  await more(500);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  await more(200);
  await sandbox.waitFor('the next daemon', () => sandbox.snapshot(name).catch(() => null));
  await sandbox.waitForOnline(name);
  await sandbox.ok('stop', name);
  expect(linesOf((await sandbox.ok('logs', name, '--out', '--raw', '--lines', '1500', '--no-follow')).stdout)).toEqual(written(name).slice(-1500));
  await sandbox.ok('start', name);
  await more(100);

  const records = (await sandbox.ok('logs', name, '--since', '1h', '--json', '--no-follow')).stdout;
  const stored = linesOf(records).map((line) => JSON.parse(line) as StoredLine);
  expect(stored.filter(({ stream }) => stream === 'out').map(({ text }) => text)).toEqual(written(name));
  // Each request was answered by one worker, so that every line has its time, its slot and its process.
  for (const { at, slot, pid, text } of stored) {
    expect([0, 1, null]).toContain(slot);
    if (pid !== null && slot !== null) expect(text).toMatch(new RegExp(`of ${pid}$`));
    expect(Math.abs(Date.now() - (at ?? 0))).toBeLessThan(120_000);
  }
  expect(stored.filter(({ slot }) => slot !== null).length).toBeGreaterThan(stored.length / 2);

  await sandbox.ok('kill');
  expect(linesOf((await sandbox.ok('logs', name, '--out', '--raw', '--lines', '100000', '--no-follow')).stdout)).toEqual(written(name));
  expect(processesOf(sandbox.directory).map(({ command }) => command)).toEqual([expect.stringContaining('logs')]);
  expect(linesOf(follow.stdout)).toEqual(written(name).slice(before - 100));
  follow.kill('SIGINT');
  expect((await follow.ended).code).toBe(130);
  expect(existsSync(sandbox.socket)).toBe(false);
  // As many files of times as log files, and small ones.
  expect(readdirSync(join(sandbox.home, 'line-times')).length).toBeLessThanOrEqual(sandbox.logFiles().size);
});

it('lb logs shows and follows what goes to no file, through the next daemon too', async () => {
  const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1, flags: ['--output', '/dev/null'] });
  await getJson(port, '/?lines=6');
  const follow = sandbox.lbBackground('logs', name, '--out', '--raw');
  await sandbox.waitFor('the kept lines', () => linesOf(follow.stdout).length === 3);
  await getJson(port, '/?lines=4');
  await sandbox.waitFor('the new lines', () => linesOf(follow.stdout).length === 5);
  const daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('the next daemon', async () => (await sandbox.daemonPid().catch(() => daemon)) !== daemon);
  await getJson(port, '/?lines=2');
  await sandbox.waitFor('the line after it', () => linesOf(follow.stdout).length === 6);
  const pid = (await sandbox.workerPids(name))[0];
  expect(linesOf(follow.stdout)).toEqual([1, 3, 5, 1, 3, 1].map((line) => `line ${line} of ${pid}`));
  follow.kill('SIGINT');
  await follow.ended;
});
