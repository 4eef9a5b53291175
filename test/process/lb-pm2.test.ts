import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLoad } from '../helpers/load.ts';
import { fixture, LB_PM2_PROGRAM } from '../helpers/paths.ts';
import { createPm2, needsPm2 } from '../helpers/pm2.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbOptions, LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const pm2 = (line: string, options: LbOptions = {}): Promise<LbResult> => sandbox.lbWith({ program: LB_PM2_PROGRAM, ...options }, ...line.split(' '));

/** Runs it; nothing but what scripts read may come on stdout. */
async function ok(line: string, options: LbOptions = {}): Promise<LbResult> {
  const result = await pm2(line, options);
  expect(result.code, result.toString()).toBe(0);
  return result;
}

interface Process {
  readonly name: string;
  readonly pm_id: number;
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly pm_uptime: number };
  readonly monit: { readonly memory: number; readonly cpu: number };
}
const jlist = async (): Promise<readonly Process[]> => (await ok('jlist')).json<Process[]>();
/** The apps and their processes, as scripts count them. */
const online = async (): Promise<string> =>
  (await jlist())
    .filter(({ pm2_env }) => pm2_env.status === 'online')
    .map(({ name }) => name)
    .join(' ');

const start = async (name: string): Promise<void> =>
  void (await ok(`start ${fixture('plain-http.cjs')} --name ${name} -i 2`, { env: { PORT: String(await freePort()) } }));

it('a deploy script of PM2 as it is: start, restart and start again reload under load, and no request fails', async () => {
  const port = await freePort();
  const script = sandbox.deploy('server.cjs', 'plain-http.cjs', 'v1');
  const env = { PORT: String(port) };
  const started = await ok(`-s start ${script} --name api -i 2 --no-vizion --merge-logs --time`, { env });
  expect(started.stdout).toBe('');
  expect(await online()).toBe('api api');
  const loads = [startLoad({ port, mode: 'keep-alive' }), startLoad({ port, mode: 'connection-per-request', path: '/?ms=20' })];
  const lines = [
    'restart api --update-env',
    'reload all',
    `start ${script} --name api -i 2 --merge-logs --time`,
    'start api',
    'startOrGracefulReload eco.config.js',
    'start eco.config.js',
  ];
  writeFileSync(join(sandbox.directory, 'eco.config.js'), `module.exports = [${JSON.stringify({ name: 'api', script, instances: 2, env: { PORT: port } })}]`);
  for (const [index, line] of lines.entries()) {
    const before = (await jlist()).map(({ pid }) => pid);
    sandbox.deploy('server.cjs', 'plain-http.cjs', `v${index + 2}`);
    await Promise.all(loads.map((load) => load.waitForServed(10)));
    const done = await ok(line, { env });
    expect([line, done.stdout]).toEqual([line, '']);
    expect(done.stderr).toContain('api reloaded, generation');
    const after = (await jlist()).map(({ pid }) => pid);
    expect([line, after.length, after.filter((pid) => before.includes(pid))]).toEqual([line, 2, []]);
  }
  await Promise.all(loads.map((load) => load.waitForServed(10)));
  for (const load of loads) {
    const tally = await load.stop();
    expectLossless(tally, 'reloads in the words of PM2');
    expect(Object.keys(tally.versions)).toContain(`v${lines.length + 1}`);
  }
});

it('scripts read ids, pids and the list, on stdout alone; what is stopped starts again with restart all', async () => {
  await start('api');
  const list = await jlist();
  expect(list.map(({ name, pm_id }) => [name, pm_id])).toEqual([
    ['api', 0],
    ['api', 1],
  ]);
  for (const { pid, monit, pm2_env } of list) {
    expect([pid > 0, monit.memory >= 0, monit.cpu >= 0, pm2_env.status]).toEqual([true, true, true, 'online']);
    expect(Date.now() - pm2_env.pm_uptime).toBeLessThan(60_000);
  }
  expect((await ok('id api')).stdout).toBe('[ 0, 1 ]\n');
  expect((await ok('pid api')).stdout).toBe(`${list.map(({ pid }) => pid).join('\n')}\n`);
  expect((await ok('describe api')).stdout).toContain('generation');
  expect((await ok('logs api --nostream --lines 1')).stderr).toBe('');
  expect((await ok('prettylist')).stdout).toContain("name: 'api'");
  expect((await ok('save --force')).stdout).toBe('');
  expect((await ok('scale api +1')).stdout).toBe('');
  expect(await online()).toBe('api api api');
  await ok('stop all');
  expect(await online()).toBe('');
  await ok('restart all');
  expect(await online()).toBe('api api api');
});

it('exit codes are 0 and 1, and what cannot be taken back needs --yes', async () => {
  await start('api');
  const wrong = [
    'stop nothing',
    'describe nothing',
    'frobnicate',
    'install pm2-logrotate',
    'start missing.js',
    'restart api -i 4',
    'kill',
    'update',
    'unstartup',
  ];
  for (const line of wrong) {
    const { code, stdout, stderr } = await pm2(line);
    expect([line, code, stdout, stderr.startsWith('error: ')]).toEqual([line, 1, '', true]);
  }
  expect((await pm2('kill')).stderr).toContain('hint: if that is meant: lb-pm2 kill --yes');
  expect(await online()).toBe('api api');
  expect((await ok('delete api')).stdout).toBe('');
  expect(await jlist()).toEqual([]);
  await ok('kill --yes');
  expect((await sandbox.lb('ping')).code).toBe(4);
  expect((await ok('jlist')).stdout).toBe('[]');
});

it('--no-daemon stays in the foreground and prints what the app prints', async () => {
  const port = await freePort();
  const script = sandbox.writeApp('loud.cjs', "require('node:http').createServer().listen(process.env.PORT, () => console.log('I serve'));");
  const started = sandbox.lbBackgroundWith(
    { program: LB_PM2_PROGRAM, env: { PORT: String(port), LB_HOME: join(sandbox.directory, 'alone') } },
    'start',
    script,
    '--no-daemon',
  );
  await sandbox.waitFor('its output', () => started.stdout.includes('I serve'));
  started.kill('SIGTERM');
  expect((await started.ended).code).toBe(0);
});

it('gets the name pm2 by a link, but not while PM2 runs', async (context) => {
  needsPm2(context);
  const folder = join(sandbox.directory, 'links');
  mkdirSync(folder);
  const real = createPm2(sandbox);
  await real.run(['ping']);
  const refused = await pm2(`alias ${folder}`);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/links\/pm2: PM2 runs \(pid \d+, [^]*lb migrate pm2 --yes/)]);
  await real.run(['kill']);
  symlinkSync(LB_PM2_PROGRAM, join(folder, 'pm2'));
  expect((await sandbox.lbWith({ program: join(folder, 'pm2') }, 'jlist')).stdout).toBe('[]');
  expect((await ok(`unalias ${folder}`)).stderr).toContain('was removed');
});
