/**
 * @module-tag every-kind
 * @module-tag every-node
 * @module-tag light
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { getJson, request } from '../helpers/http.ts';
import { fixture } from '../helpers/paths.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

function output(name: string, stream: 'out' | 'error' = 'out'): string {
  const file = join(sandbox.home, 'logs', `${name}-${stream}.log`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const waitForOutput = (name: string, text: string, stream: 'out' | 'error' = 'out'): Promise<unknown> =>
  sandbox.waitFor(`"${text}" in the log of ${name}`, () => output(name, stream).includes(text));

describe('the script is the main module', () => {
  it('require.main === module', async () => {
    const { port } = await sandbox.start('am-i-main.cjs', { instances: 1 });
    expect(await getJson(port)).toMatchObject({ isMain: true, filename: fixture('am-i-main.cjs') });
  });

  it('import.meta.url is that of process.argv[1]', async () => {
    const { port } = await sandbox.start('am-i-main.mjs', { instances: 1 });
    expect(await getJson(port)).toMatchObject({ isMain: true, url: pathToFileURL(fixture('am-i-main.mjs')).href });
  });

  it('arguments, environment and title are what they are without lb', async () => {
    const { port } = await sandbox.start('env-and-argv.cjs');
    const dump = await getJson<{ argv: string[]; execArgv: string[]; env: Record<string, string>; title: string }>(port);
    expect(dump.argv).toEqual([process.execPath, fixture('env-and-argv.cjs')]);
    expect(dump.execArgv).toEqual([]);
    expect(dump.env['NODE_OPTIONS']).toBeUndefined();
    expect(['0', '1']).toContain(dump.env['NODE_APP_INSTANCE']);
    const added = Object.keys(dump.env).filter((name) => !(name in sandbox.env) && !['PORT', 'NODE_APP_INSTANCE', 'PWD', 'SHLVL', '_'].includes(name));
    expect(added).toEqual([]);
  });
});

describe('messages, children and threads', () => {
  it("none of lb's messages reaches the app's own listener", async () => {
    const { name, port } = await sandbox.start('own-message-listener.cjs', { instances: 1 });
    await getJson(port);
    const before = await sandbox.snapshot(name);
    await sandbox.waitForApp(name, 'have sent heartbeats', (now) => (now.uptimeMs ?? 0) > (before.uptimeMs ?? 0) + 1100);
    expect(await getJson(port)).toMatchObject({ seen: [] });
  });

  it('child_process.fork: the child knows nothing of lb', async () => {
    const { port } = await sandbox.start('forks-child.cjs');
    expect(await getJson(port)).toMatchObject({
      answer: { question: 'question', argv: ['of-the-app'], execArgv: [], lbNames: [], isWorker: false },
    });
  });

  it('worker_threads', async () => {
    const { port } = await sandbox.start('worker-threads.cjs');
    expect(await getJson(port)).toMatchObject({ answer: { doubled: 42, execArgv: [] } });
  });
});

describe('an app that never listens', () => {
  it('is online once it has survived min_uptime, reloads and stops', async () => {
    const { name } = await sandbox.start('never-listens.mjs', { flags: ['--min-uptime', '300', '--listen-timeout', '1s'] });
    const before = await sandbox.waitForOnline(name);
    expect(before.listeners).toEqual([]);
    await waitForOutput(name, 'job 3');
    await sandbox.ok('reload', name, '--monitor', '100');
    const after = await sandbox.waitForOnline(name);
    expect(after.workers.map((worker) => worker.pid)).not.toEqual(before.workers.map((worker) => worker.pid));
    await sandbox.ok('stop', name);
    expect((await sandbox.snapshot(name)).state).toBe('stopped');
  });
});

describe('readiness', () => {
  it('with --wait-ready an app is ready when it says so, not when it listens', async () => {
    const { result } = await sandbox.start('ready-message.cjs', { flags: ['--wait-ready'], env: { READY_MS: '700' } });
    expect(result.durationMs).toBeGreaterThan(700);
  });

  it("without it the app's message is ignored", async () => {
    const { name } = await sandbox.start('ready-message.cjs', { env: { READY_MS: '1' } });
    await sandbox.waitForOnline(name);
  });
});

describe('an app goes as it wants to go', () => {
  it.each([
    { script: 'sigterm-handler.cjs', says: 'closed after SIGTERM' },
    { script: 'sigint-handler.cjs', says: 'cleaning up after SIGINT' },
    { script: 'shutdown-message.cjs', says: 'asked to shut down by message', flags: ['--shutdown-with-message'] },
  ])('$script', async ({ script, says, flags = [] }) => {
    const { name } = await sandbox.start(script, { flags });
    const { durationMs } = await sandbox.ok('stop', name);
    expect(output(name).split(says)).toHaveLength(3);
    expect(durationMs).toBeLessThan(5000);
    const { lastExits } = await sandbox.snapshot(name);
    expect(lastExits.slice(-2)).toMatchObject([
      { code: 0, killedAtDeadline: false },
      { code: 0, killedAtDeadline: false },
    ]);
  });

  it('plain-http.cjs, which handles nothing, is let go at once', async () => {
    const { name } = await sandbox.start('plain-http.cjs');
    const { durationMs } = await sandbox.ok('stop', name);
    expect(durationMs).toBeLessThan(3000);
  });
});

describe('a crash is the crash it is under plain Node', () => {
  it('an unhandled rejection', async () => {
    const { name, port } = await sandbox.start('unhandled-rejection.cjs');
    const pids = await sandbox.workerPids(name);
    await expect(request('/reject', { port })).rejects.toThrow(/socket hang up|ECONNRESET/);
    const { lastExits } = await sandbox.waitForApp(name, 'have a new worker', (now) => now.ready === 2 && now.restarts === 1);
    expect(lastExits.at(-1)).toMatchObject({ code: 1, signal: null, stopReason: null, stateBefore: 'ready' });
    expect(pids).toContain(lastExits.at(-1)?.pid);
    expect(lastExits.at(-1)?.lastStderr.join('\n')).toContain('nobody caught this rejection');
    expect(output(name, 'error')).toContain('nobody caught this rejection');
  });

  it('an exit code of its own', async () => {
    const { name, port } = await sandbox.start('exits-on-request.cjs');
    await expect(request('/exit?code=7', { port })).rejects.toThrow();
    const { lastExits } = await sandbox.waitForApp(name, 'have a new worker', (now) => now.ready === 2 && now.restarts === 1);
    expect(lastExits.at(-1)).toMatchObject({ code: 7, signal: null, stopReason: null });
  });
});
