/** @module-tag light */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../helpers/ports.ts';
import { processesOf } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import type { LbResult } from '../helpers/run-lb.ts';

const sandbox = await createSandbox();

/** The app goes on trying. What was tried stands nowhere as running, and when it is stopped, no worker of it is left. */
async function expectNothingRuns(name: string, script: string, result: LbResult): Promise<void> {
  const online = (await sandbox.apps().catch(() => [])).filter((app) => app.state === 'online' || app.ready > 0);
  expect(online, String(result)).toEqual([]);
  await sandbox.ok('stop', name, '--now');
  await sandbox.waitFor(`no process of ${script} to be left`, () => !processesOf(sandbox.directory).some((found) => found.command.includes(script)));
}

it('a missing script', async () => {
  const { result } = await sandbox.tryStart(`${sandbox.directory}/no-such-file.js`);
  expect(result.code, String(result)).toBe(3);
  expect(result.stderr).toContain('script not found');
  expect(result.stderr).toContain('no-such-file.js');
  expect(await sandbox.apps().catch(() => [])).toEqual([]);
});

it.each([
  { what: 'a syntax error', script: 'syntax-error.cjs', says: 'SyntaxError' },
  { what: 'a crash at boot', script: 'crash-at-boot.cjs', says: 'no database at boot' },
])('$what: says so with the stderr of the app', async ({ script, says }) => {
  const { name, result } = await sandbox.tryStart(script);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain(`app "${name}" has not started yet`);
  expect(result.stderr).toContain(says);
  expect(result.stderr, 'the cause and its place').toMatch(
    new RegExp(`has not started yet: worker \\d \\(pid \\d+\\): \\w*Error: .* at \\S*${script}:\\d+ \\(after`),
  );
  await expectNothingRuns(name, script, result);
});

it('V8 out of memory: names it as the cause, not the signal', async () => {
  const script = sandbox.writeApp('out-of-memory.cjs', 'const kept = [];\nfor (;;) kept.push(new Array(1000).fill(0.5));\n');
  const { result } = await sandbox.tryStart(script, { instances: 1, flags: ['--node-args=--max-old-space-size=20'] });
  expect(result.stderr, String(result)).toMatch(/has not started yet: worker 0 \(pid \d+\): JavaScript heap out of memory \(limit 20 MB\) \(after/);
});

it('a port in use', async () => {
  const port = await freePort();
  const occupant = createServer().listen(port);
  await once(occupant, 'listening');
  onTestFinished(() => void occupant.close());
  const { name, result } = await sandbox.tryStart('plain-http.cjs', { port });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('EADDRINUSE');
  expect(result.stderr, 'names who holds it').toMatch(new RegExp(`has not started yet: .*EADDRINUSE.*; port ${port} is held by pid ${process.pid} \\(.*node`));
  await expectNothingRuns(name, 'plain-http.cjs', result);
});

it('a port of another app: names the app, in the failure, the list and the events', async () => {
  const { port } = await sandbox.start('plain-http.cjs', { name: 'first' });
  const { result } = await sandbox.tryStart('plain-http.cjs', { name: 'second', port });
  const holder = new RegExp(`port ${port} is held by app "first" \\(pid ${await sandbox.primaryPid('first')}\\)`);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toMatch(new RegExp(`^second\\[\\d\\] cannot listen: ${holder.source}$`, 'm'));
  expect(result.stderr).toMatch(new RegExp(`has not started yet: .*EADDRINUSE.*${holder.source}`));
  expect((await sandbox.ok('list')).stdout).toMatch(holder);
  expect((await sandbox.ok('events', 'second')).stdout).toMatch(holder);
});

it('a port of an app that shares its primary: names that app', async () => {
  await sandbox.start('plain-http.cjs', { name: 'other', instances: null });
  const { port } = await sandbox.start('plain-http.cjs', { name: 'holder', instances: null });
  expect(await sandbox.primaryPid('other')).toBe(await sandbox.primaryPid('holder'));
  const { result } = await sandbox.tryStart('plain-http.cjs', { name: 'third', port, instances: null });
  expect(result.stderr).toMatch(new RegExp(`port ${port} is held by app "holder" \\(pid \\d+\\)`));
});

it('an app that is never ready: fails when its time is up, not as a success', async () => {
  const { name, result } = await sandbox.tryStart('never-ready.cjs', { flags: ['--wait-ready', '--listen-timeout', '500'] });
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('waiting for a database that never comes');
  expect(result.durationMs).toBeLessThan(5000);
  await expectNothingRuns(name, 'never-ready.cjs', result);
});

it('one worker of several: the others serve, and with no restart left none is half started', async () => {
  const app = { instances: 3, env: { CRASH_SLOTS: '2' } };
  const { name, result } = await sandbox.tryStart('crash-in-slot.cjs', app);
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('no luck in slot 2');
  expect(await sandbox.readyWorkers(name)).toHaveLength(2);
  await sandbox.ok('delete', name);
  const last = await sandbox.tryStart('crash-in-slot.cjs', { ...app, flags: ['--max-restarts', '0'] });
  expect(last.result.stderr).toContain(`app "${last.name}" did not start`);
  await sandbox.waitFor('no worker to be left', () => !processesOf(sandbox.directory).some(({ command }) => command.includes('crash-in-slot')));
});

it('tells programs the same: one result record with the code and the output', async () => {
  const { result } = await sandbox.tryStart('crash-at-boot.cjs', { flags: ['--json'] });
  expect(result.code).toBe(1);
  expect(result.result).toMatchObject({ ok: false, error: { code: 'LB_ERR_NOT_STARTED_YET' } });
  if (result.result.ok) throw new Error('unreachable');
  expect(result.result.error.output?.join('\n')).toContain('no database at boot');
});

it('the same name starts once the script is repaired', async () => {
  const script = sandbox.deploy('repaired.cjs', 'crash-at-boot.cjs', '1');
  // Without restarts, the app cannot come up before the second command.
  const broken = await sandbox.tryStart(script, { name: 'repaired', flags: ['--max-restarts', '0'] });
  expect(broken.result.code).toBe(1);
  sandbox.deploy('repaired.cjs', 'plain-http.cjs', '2');
  await sandbox.start(script, { name: 'repaired', port: broken.port });
  await sandbox.waitForOnline('repaired');
});

it('a wrong flag value: nothing is started', async () => {
  for (const flags of [
    ['-i', 'many'],
    ['--max-memory-restart', 'lots'],
    ['--kill-timeout', '-5'],
  ]) {
    const { result } = await sandbox.tryStart('plain-http.cjs', { flags });
    expect(result.code, String(result)).toBe(2);
    expect(result.stderr).toMatch(/expected/);
    expect(await sandbox.apps().catch(() => [])).toEqual([]);
  }
});
