/** @module-tag light */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { ROOT } from '../helpers/paths.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox, type StartedApp, type StartOptions } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const script = (name: string): string => `${ROOT}/test/fixtures/commands/${name}`;

async function start(name: string, options: StartOptions = {}): Promise<StartedApp> {
  return sandbox.start(script(name), { instances: null, ...options, env: { NODE: process.execPath, ...options.env } });
}

const pidOf = async (name: string): Promise<number> => (await sandbox.workerPids(name))[0] ?? 0;

/** The lines that the runs of `job.sh` have written. */
function journal(name: string): { readonly env: Record<string, string>; readonly lines: () => readonly string[] } {
  const file = join(sandbox.directory, `${name}.journal`);
  return {
    env: { JOURNAL: file, LOCK: join(sandbox.directory, `${name}.lock`) },
    lines: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []),
  };
}

it('a shell script that runs a server: it is ready when its child listens, and a reload leaves nothing of it', async () => {
  const { name, port, result } = await start('serves.sh', { env: { BOOT_MS: '300', END_MS: '300' }, flags: ['--min-uptime', '20s'] });
  expect(result.stderr).toMatch(/serves\.sh runs as a command, \S+sh \S*serves\.sh/);
  expect(result.stdout).toContain(`listening on tcp *:${port}; it is replaced stop-first`);
  const before = await getJson<{ pid: number; parent: number }>(port);
  expect(before.parent).toBe(await pidOf(name));
  expect(await sandbox.snapshot(name)).toMatchObject({ state: 'online', restarts: 0, listeners: [`tcp *:${port}`] });
  await sandbox.ok('reload', name, '--update-env', '--monitor', '0');
  const after = await getJson<{ pid: number }>(port);
  expect(after.pid).not.toBe(before.pid);
  expect([isAlive(before.pid), isAlive(before.parent)]).toEqual([false, false]);
  expect((await sandbox.ok('logs', name, '--nostream', '--raw')).stdout.match(/asked/g)).toHaveLength(1);
  await sandbox.ok('stop', name);
  expect(isAlive(after.pid)).toBe(false);
});

it('what does not end is killed with all its descendants', async () => {
  const { name } = await start('stubborn.sh', { flags: ['--kill-timeout', '800ms', '--min-uptime', '300'] });
  const { stdout } = await sandbox.ok('logs', name, '--nostream', '--raw');
  const child = Number(/child (\d+)/.exec(stdout)?.[1]);
  expect(isAlive(child)).toBe(true);
  const { durationMs } = await sandbox.ok('stop', name);
  expect(isAlive(child)).toBe(false);
  expect(durationMs).toBeGreaterThan(700);
});

it('kill_signal', async () => {
  const { name } = await start('signals.sh', { flags: ['--kill-signal', 'int', '--min-uptime', '300'] });
  await sandbox.ok('stop', name);
  expect((await sandbox.ok('logs', name, '--nostream', '--raw')).stdout).toContain('got INT');
});

it('a script that kills its own process group ends itself alone, and is restarted by the policy', async () => {
  const { name } = await start('kills-its-group.sh', { flags: ['--min-uptime', '50', '--restart-delay', '100'] });
  const { primaryPid } = await sandbox.snapshot(name);
  const after = await sandbox.waitForApp(name, 'restart twice', (now) => now.restarts >= 2);
  expect(after.primaryPid).toBe(primaryPid);
  expect(after.lastExits[0]).toMatchObject({ signal: 'SIGTERM', stopReason: null });
  await sandbox.ok('delete', name);
});

it('memory is that of the whole tree, and limited', async () => {
  const { name } = await start('eats.sh', { flags: ['--max-memory-restart', '90M', '--min-uptime', '100'] });
  const after = await sandbox.waitForApp(name, 'be replaced', (now) => (now.recycles ?? 0) > 0 && now.lastExits.length > 0, { deadlineMs: 30_000 });
  expect(after.lastExits.at(-1)).toMatchObject({ stopReason: 'memory' });
  await sandbox.ok('delete', name);
});

it.each([
  ['the primary', async (name: string) => process.kill(await sandbox.primaryPid(name), 'SIGKILL')],
  [
    'the primary and the daemon',
    async (name: string) => {
      const daemon = await sandbox.daemonPid();
      process.kill(await sandbox.primaryPid(name), 'SIGKILL');
      process.kill(daemon, 'SIGKILL');
    },
  ],
])('S41: after the death of %s a command is asked to end, and runs again only then', async (what, kill) => {
  const { env, lines } = journal(what.replaceAll(' ', '-'));
  const { name } = await start('job.sh', { env, flags: ['--min-uptime', '200'] });
  const first = await pidOf(name);
  await kill(name);
  await sandbox.ok('list');
  await sandbox.waitForApp(name, 'run again', (now) => now.state === 'online' && now.workers.every(({ pid }) => pid !== first), { deadlineMs: 20_000 });
  expect(isAlive(first)).toBe(false);
  await sandbox.waitFor('the second run', async () => lines().length === 3);
  expect(lines()).toEqual([`begin ${first}`, `end ${first}`, `begin ${await pidOf(name)}`]);
  await sandbox.ok('delete', name);
  expect(readdirSync(join(sandbox.home, 'primaries'))).toEqual([]);
});

it('ready_when: a port, a path, a file and a command; nothing else makes it ready', async () => {
  const flag = join(sandbox.directory, 'flag');
  const file = sandbox.writeApp(
    'ready.config.json',
    JSON.stringify({
      apps: [
        { name: 'by-port', script: script('serves.sh'), ready_when: 7, listen_timeout: 700, env: { NODE: process.execPath, PORT: '0' } },
        { name: 'by-file', script: script('signals.sh'), ready_when: { file: flag }, env: {} },
        { name: 'by-command', script: script('signals.sh'), ready_when: { command: `test -e ${flag}` } },
      ],
    }),
  );
  const failed = await sandbox.lb('start', file, '--only', 'by-port', '--max-restarts', '0');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('nothing accepts connections on port 7 within 0.7 s');
  const starting = sandbox.lbBackground('start', file, '--only', 'by-file,by-command');
  await sandbox.waitForApp('by-file', 'wait', (now) => now.state === 'starting' && (now.workers[0]?.uptimeMs ?? 0) > 1_500);
  sandbox.writeApp('../flag', '');
  expect((await starting.ended).code).toBe(0);
  expect((await sandbox.snapshot('by-file')).state).toBe('online');

  const { name, port } = await start('serves.sh', { env: { BOOT_MS: '500' }, flags: ['--ready-when', '/health', '--min-uptime', '100'] });
  expect(await getJson(port)).toMatchObject({ version: '1' });
  await sandbox.ok('delete', name, 'by-file', 'by-command');
});

it('several copies: said, and increment_var gives each its own port', async () => {
  const { name, port, result } = await start('serves.sh', { instances: 2, flags: ['--increment-var', 'PORT'] });
  expect(result.stderr).not.toContain('warning');
  const parents = await Promise.all([0, 1].map(async (slot) => (await getJson<{ parent: number }>(port + slot)).parent));
  expect(parents).toEqual(await sandbox.workerPids(name));
  const without = await sandbox.tryStart(script('signals.sh'), { instances: 2, flags: ['--min-uptime', '100'] });
  expect(without.result.stderr).toContain('cannot share a port; increment_var: "PORT" gives each its own');
});

it('what a command cannot have is refused, and says why', async () => {
  const { result } = await sandbox.tryStart(script('signals.sh'), { instances: null, flags: ['--balance', 'round-robin'] });
  expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('nothing for a command, whose connections lb does not see')]);
  const nowhere = await sandbox.tryStart(script('signals.sh'), { instances: null, env: { PORT: '' }, flags: ['--ready-when', '/health'] });
  expect([nowhere.result.code, nowhere.result.stderr]).toEqual([2, expect.stringMatching(/--ready-when: expected a path with a port.*got no port/)]);
  const missing = await sandbox.tryStart(script('signals.sh'), { instances: null, flags: ['--interpreter', 'no-such-interpreter'] });
  expect([missing.result.code, missing.result.stderr]).toEqual([2, expect.stringContaining('it is not in PATH')]);
});
