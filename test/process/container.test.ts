/** @module-tag light */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEventStream } from '../helpers/clients/slow.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { processesOf } from '../helpers/processes.ts';
import type { LbProcess } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();

interface Foreground {
  readonly box: LbProcess;
  readonly port: number;
}

/** `lb run`, as a container's entry point would start it. */
async function runBox(script: string, flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Foreground> {
  const port = await freePort();
  const box = sandbox.lbBackgroundWith({ env: { PORT: String(port), ...env } }, 'run', fixture(script), '-n', 'box', ...flags);
  return { box, port };
}

async function runUntilOnline(script: string, flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Foreground> {
  const started = await runBox(script, ['-i', '2', ...flags], env);
  await sandbox.waitForOnline('box', { context: () => `${started.box.stdout}\n${started.box.stderr}\n${sandbox.report()}` });
  return started;
}

async function expectNothingLeft(): Promise<void> {
  await sandbox.waitFor('every process to be gone', () => processesOf(sandbox.directory).length === 0, { deadlineMs: 3000 });
  expect(existsSync(sandbox.socket)).toBe(false);
}

it('logs go to stdout and stderr, and the other commands work beside it', async () => {
  const { box, port } = await runUntilOnline('exits-on-request.cjs');
  await getJson(port, '/?lines=4');
  await sandbox.waitFor('the lines on stdout and stderr', () => /line 3 of/.test(box.stdout) && /line 4 of/.test(box.stderr));
  expect((await sandbox.ok('list')).stdout).toMatch(/box\s.*online/);
  await sandbox.ok('reload', 'box', '--monitor', '100');
  box.kill('SIGTERM');
  expect((await box.ended).code).toBe(0);
  await expectNothingLeft();
});

it.each(['SIGTERM', 'SIGINT'] as const)('S27: %s with requests in flight: they finish, then it ends with 0', async (signal) => {
  const { box, port } = await runUntilOnline('sigterm-handler.cjs');
  const slow = Array.from({ length: 4 }, () => getJson(port, '/?ms=1000'));
  await sandbox.waitForApp('box', 'have four requests in flight', (now) => now.workers.reduce((sum, worker) => sum + worker.requestsInFlight, 0) === 4);
  box.kill(signal);
  expect(await Promise.all(slow)).toHaveLength(4);
  const result = await box.ended;
  expect(result.code, String(result)).toBe(0);
  expect(result.stdout.split('closed after SIGTERM')).toHaveLength(3);
  await expectNothingLeft();
});

it('S27: SIGTERM while the app still boots cuts the start short, and it ends with 0', async () => {
  const { box } = await runBox('boots-when-told.cjs', [], { GATE: join(sandbox.directory, 'never') });
  await sandbox.waitForApp('box', 'have a worker that boots', ({ workers }) => workers.some(({ pid, state }) => pid > 0 && state === 'starting'));
  box.kill('SIGTERM');
  const result = await box.ended;
  expect(result.code, String(result)).toBe(0);
  expect(result.stderr).not.toContain('error:');
  await expectNothingLeft();
});

it('SIGTERM with a client that never lets go: the app is asked in time, and all ends within the 10 s of a container', async () => {
  const { box, port } = await runUntilOnline('sse.cjs', [], { LISTENS_FOR_SIGTERM: '1', CONTENT_TYPE: 'text/plain' });
  await openEventStream(port);
  const began = performance.now();
  box.kill('SIGTERM');
  const result = await box.ended;
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(result.stdout.split('flushed at SIGTERM')).toHaveLength(3);
  await expectNothingLeft();
});

it('its primary is killed: no connection is refused', async () => {
  const { box, port } = await runUntilOnline('plain-http.cjs');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  await load.waitForServed(20);
  const { primaryPid, socketsKept } = await sandbox.snapshot('box');
  expect(socketsKept).toBe(true);
  process.kill(primaryPid ?? -1, 'SIGKILL');
  await sandbox.waitForApp('box', 'have a new primary', (now) => now.ready === 2 && now.primaryPid !== primaryPid);
  await load.waitForServed(20);
  expectOnlyResets(await load.stop(), 3);
  box.kill('SIGTERM');
  expect((await box.ended).code).toBe(0);
  await expectNothingLeft();
});

it('SIGTERM after the primary was killed: the workers it left are asked in time, and gone within stop_grace', async () => {
  const flushed = join(sandbox.directory, 'flushed');
  const env = { LISTENS_FOR_SIGTERM: '1', CONTENT_TYPE: 'text/plain', FLUSHED: flushed };
  const { box, port } = await runUntilOnline('sse.cjs', ['-i', '1', '--stop-grace', '5s'], env);
  const orphan = (await openEventStream(port)).pid();
  process.kill(await sandbox.primaryPid('box'), 'SIGKILL');
  await sandbox.waitForApp('box', 'have a new worker', ({ ready, workers }) => ready === 1 && workers.every(({ pid }) => pid !== orphan));
  const began = performance.now();
  box.kill('SIGTERM');
  await box.ended;
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(readFileSync(flushed, 'utf8').split('\n')).toContain(String(orphan));
  await expectNothingLeft();
});

it('S27: a second signal does not wait for what is in flight', async () => {
  const { box, port } = await runUntilOnline('sigterm-handler.cjs');
  const slow = getJson(port, '/?ms=9000').catch((thrown: unknown) => thrown);
  await sandbox.waitForApp('box', 'have a request in flight', (now) => now.workers.some((worker) => worker.requestsInFlight === 1));
  box.kill('SIGTERM');
  await sandbox.waitForApp('box', 'drain', (now) => now.workers.some((worker) => worker.state === 'draining'));
  const secondAt = performance.now();
  box.kill('SIGTERM');
  await box.ended;
  expect(performance.now() - secondAt).toBeLessThan(3000);
  expect(await slow).toBeInstanceOf(Error);
  await expectNothingLeft();
});

it.each([0, 7])('an app that ends by itself with %i ends the run with that code', async (code) => {
  const { box } = await runBox('exit-code.cjs', ['--no-autorestart', '--min-uptime', '50'], { CODE: String(code), WORK_MS: '1000' });
  const result = await box.ended;
  expect(result.code, String(result)).toBe(code);
  expect(result.stdout).toContain('working');
  await expectNothingLeft();
});

it('an app that does not start ends the run with its stderr', async () => {
  const { box } = await runBox('crash-at-boot.cjs');
  const result = await box.ended;
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr).toContain('no database at boot');
  await expectNothingLeft();
});

it('an app that ends while it boots ends the run with its code too', async () => {
  const { box } = await runBox('exit-code.cjs', [], { CODE: '7', WORK_MS: '1' });
  const result = await box.ended;
  expect(result.code, String(result)).toBe(7);
  await expectNothingLeft();
});

it('what ran in an earlier container does not come back, and the saved apps of the home are left alone', async () => {
  const kept = await sandbox.start('plain-http.cjs', { name: 'kept' });
  await sandbox.ok('kill');
  const { box } = await runUntilOnline('plain-http.cjs');
  const apps = await sandbox.apps();
  expect(apps.map((app) => app.name)).toEqual(['box']);
  box.kill('SIGTERM');
  await box.ended;
  const port = await freePort();
  const other = sandbox.lbBackgroundWith({ env: { PORT: String(port) } }, 'run', fixture('plain-http.cjs'), '-n', 'other');
  await sandbox.waitForOnline('other');
  expect((await sandbox.apps()).map((app) => app.name)).toEqual(['other']);
  expect((await sandbox.ok('logs', 'other', '--no-follow')).code).toBe(0);
  other.kill('SIGTERM');
  expect((await other.ended).code).toBe(0);
  expect((await sandbox.ok('logs', 'other', '--no-follow')).code).toBe(0);
  expect((await sandbox.lb('reload', 'other')).code).toBe(3);
  expect((await sandbox.apps()).map(({ name, state }) => [name, state])).toEqual([[kept.name, 'stopped']]);
});
