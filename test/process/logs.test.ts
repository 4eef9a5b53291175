import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { LogLine, LogMessage } from '../../src/protocol/control.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { getJson, request } from '../helpers/http.ts';
import { privateBytes } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

const fileText = (name: string): string => sandbox.logFiles().get(name)?.toString('utf8') ?? '';
const linesOf = (name: string): string[] => fileText(name).split('\n').slice(0, -1);

describe('log files', () => {
  it.each(['/exit?code=1&', '/throw?'])('nothing is lost when a worker ends in the middle of its output: %s', async (path) => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1 });
    const [pid] = await sandbox.workerPids(name);
    await request(`${path}lines=4000`, { port }).catch(() => undefined);
    const { lastExits } = await sandbox.waitForApp(name, 'have replaced the worker', (now) => now.restarts === 1 && now.ready === 1);
    const numbered = (parity: number): string[] => Array.from({ length: 2000 }, (_, index) => `line ${2 * index + parity} of ${pid}`);
    await sandbox.waitFor('all of stdout', () => linesOf(`${name}-out.log`).length >= 2000);
    expect(linesOf(`${name}-out.log`)).toEqual(numbered(1));
    const errors = linesOf(`${name}-error.log`);
    expect(errors.slice(0, 2000)).toEqual(numbered(2));
    if (path.startsWith('/throw')) expect(errors.join('\n')).toContain('Error: thrown outside a request');
    const last = lastExits.at(-1)?.lastStderr.join('\n');
    expect(last).toContain(path.startsWith('/throw') ? 'thrown outside a request' : `line 4000 of ${pid}`);
  });

  it('are rotated by size, all but the newest compressed, and only so many kept, however long the name of the app is', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', {
      name: '日本語'.repeat(14),
      instances: 1,
      flags: ['--log-max-size', '8K', '--log-keep', '3'],
    });
    const [pid] = await sandbox.workerPids(name);
    for (let round = 0; round < 10; round++) await getJson(port, '/?lines=1000');
    await sandbox.waitFor('the last line', () => linesOf(`${name}-out.log`).at(-1) === `line 999 of ${pid}`);
    const files = await sandbox.waitFor('the rotation to settle', () => {
      const found = [...sandbox.logFiles()].filter(([file]) => file.startsWith(`${name}-out.log`));
      return found.length === 4 && found.filter(([file]) => file.endsWith('.gz')).length === 2 ? found : null;
    });
    for (const [file, content] of files) {
      const text = (file.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8');
      // What a worker wrote at once stands in one file: at most one read of a pipe more than the limit.
      expect(text.length, file).toBeLessThanOrEqual(8 * 1024 + 65_536);
      expect(text, file).toMatch(/^(line \d+ of \d+\n)+$/);
    }
  });

  it('one for each worker with --no-merge-logs', async () => {
    const { name } = await sandbox.start('listen-zero.cjs', { flags: ['--no-merge-logs'] });
    await sandbox.waitFor('both files', () => [0, 1].every((slot) => fileText(`${name}-out-${slot}.log`).startsWith('port ')));
    expect(fileText(`${name}-out.log`)).toBe('');
  });

  it('are where --output says', async () => {
    const file = `${sandbox.home}/logs/elsewhere.log`;
    await sandbox.start('listen-zero.cjs', { instances: 1, flags: ['--output', file] });
    await sandbox.waitFor('the line', () => fileText('elsewhere.log').startsWith('port '));
  });
});

describe('lb logs', () => {
  it('shows the last lines of an app with the slot they came from', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1 });
    const [pid] = await sandbox.workerPids(name);
    await getJson(port, '/?lines=50');
    const { stdout } = await sandbox.waitFor('the last line', async () => {
      const shown = await sandbox.ok('logs', name, '--lines', '4', '--no-follow');
      return /line (?:49|50) of/.test(shown.stdout) ? shown : null;
    });
    expect(stdout).not.toContain('\u001b');
    const shown = stdout.trimEnd().split('\n');
    expect(shown).toHaveLength(4);
    // stdout and stderr are two pipes: the order between them is that of arrival.
    for (const line of shown) expect(line).toMatch(new RegExp(`^${name}\\[0\\]\\s.*line \\d+ of ${pid}$`));
    const records = (await sandbox.ok('logs', name, '--lines', '50', '--no-follow', '--json')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    expect(records[0]).toMatchObject({ app: name, slot: 0, pid });
    expect(records.filter((record) => record.stream === 'err')).toHaveLength(25);
  });

  it('follows what comes until Ctrl-C', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1 });
    const follow = sandbox.lbBackground('logs', name);
    await sandbox.waitFor('a line to arrive', async () => {
      await getJson(port, '/?lines=1');
      return follow.stdout.includes('line 1 of');
    });
    await getJson(port, '/?lines=30');
    await sandbox.waitFor('the new lines', () => follow.stdout.includes('line 29 of') && follow.stdout.includes('line 30 of'));
    follow.kill('SIGINT');
    const result = await follow.ended;
    expect(result.signal === 'SIGINT' || result.code === 130 || result.code === 0, String(result)).toBe(true);
  });

  it('a reader that stops reading blocks no worker and costs no memory', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs', { instances: 1, flags: ['--log-max-size', '1M', '--log-keep', '1'] });
    const reader = new WebSocket(`ws+unix://${sandbox.socket}:/v1/logs?app=${name}`, {
      perMessageDeflate: false,
      headers: { 'x-lb-protocol': CONTROL_PROTOCOL },
    });
    const messages: LogMessage[] = [];
    reader.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as LogMessage));
    const ended = new Promise<boolean>((resolve) => reader.once('close', () => resolve(true)));
    reader.on('error', () => {});
    await sandbox.waitFor('the subscription', async () => {
      await getJson(port, '/?lines=1');
      return messages.length > 0;
    });
    const pids = [await sandbox.daemonPid(), await sandbox.primaryPid(name)];
    await getJson(port, '/?lines=40000');
    const before = pids.map(privateBytes);
    reader.pause();
    for (let round = 0; round < 16; round++) await getJson(port, '/?lines=40000', { timeoutMs: 20_000 });
    const growth = pids.map((pid, index) => privateBytes(pid) - (before[index] ?? 0));
    // 640,000 lines of about 20 bytes, at least 150 bytes each as a message: more than 90 MB, were they kept. What a
    // collector leaves lying in between is below 30 MB.
    for (const bytes of growth) expect(bytes, `grew by ${growth.join(', ')}`).toBeLessThan(60 * 1024 ** 2);
    reader.resume();
    const dropped = sandbox.waitFor('a note about dropped lines', () => messages.some((message) => message.type === 'dropped'), {
      // The reader first takes what was waiting for it, some megabytes of JSON.
      deadlineMs: 30_000,
    });
    expect(await Promise.race([ended, dropped.then(() => true)])).toBe(true);
    dropped.catch(() => {});
    reader.terminate();
    expect((await sandbox.snapshot(name)).restarts).toBe(0);
  });
});
