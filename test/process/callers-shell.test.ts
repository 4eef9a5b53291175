/** @module-tag light */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { getJson, request } from '../helpers/http.ts';
import { fixture, LB_PROGRAM } from '../helpers/paths.ts';
import { createSandbox, Sandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** A line of a shell, in which `lb` is the command. */
function shell(line: string, env: Readonly<Record<string, string>> = {}): { readonly code: number | null; readonly out: string; readonly err: string } {
  const script = `lb() { "${process.execPath}" "${LB_PROGRAM}" "$@"; }\n${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { env: { ...sandbox.env, ...env }, cwd: sandbox.directory, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

it('umask: that of the shell, or of the file, also for Unix sockets; and never that of the logs', async () => {
  await sandbox.start('plain-http.cjs', { name: 'first' });
  const script = sandbox.writeApp(
    'umask.cjs',
    `require('node:fs').writeFileSync(process.argv[2], '');\nconsole.log('a line');\nrequire('node:http').createServer((req, res) => res.end(String(process.umask()))).listen(process.argv[2] + '.sock');\n`,
  );
  const modesOf = (name: string): string[] => [name, `${name}.sock`].map((file) => (statSync(join(sandbox.directory, file)).mode & 0o777).toString(8));
  const started = shell(`umask 077; ulimit -Sn 777; lb start ${script} -n tight -- ${sandbox.directory}/tight`);
  expect(started.code, started.err).toBe(0);
  expect(modesOf('tight')).toEqual(['600', '700']);
  const config = sandbox.writeApp(
    'lb.config.json',
    JSON.stringify({ apps: [{ name: 'open', script: 'umask.cjs', args: `${sandbox.directory}/open`, umask: '002' }] }),
  );
  expect(shell(`umask 077; lb start ${config}`).code).toBe(0);
  expect(modesOf('open')).toEqual(['664', '775']);

  await sandbox.killPrimary('tight');
  const { body } = await request('/', { socketPath: join(sandbox.directory, 'tight.sock') });
  expect(Number(body).toString(8), 'after a respawn').toBe('77');
  expect((statSync(join(sandbox.home, 'logs', 'open-out.log')).mode & 0o777).toString(8)).toBe('600');
  const show = shell('lb show tight');
  expect(show.out).toMatch(/umask +0077/);
  expect(show.out, 'not the soft limit of the shell').toMatch(/limits +\d[\d,]{3,} open files/);
});

it('limits: the workers have those of the daemon, with a warning where the shell has higher ones', async () => {
  const low = new Sandbox();
  onTestFinished(async () => {
    await low.clear();
    await low.lb('kill');
    await low.dispose();
  });
  const begun = spawnSync('bash', ['-c', `ulimit -n 500; "${process.execPath}" "${LB_PROGRAM}" start ${fixture('plain-http.cjs')} -n first`], {
    env: low.env,
    encoding: 'utf8',
  });
  expect(begun.status, begun.stderr).toBe(0);
  expect(begun.stderr).not.toContain('limits');
  const { name, result } = await low.start('plain-http.cjs');
  expect(result.stderr).toMatch(new RegExp(`^warning: "${name}" has lower limits than this shell: 500 open files \\(here: [\\d,]+ open files`, 'm'));
  expect((await low.ok('show', name)).stdout).toMatch(/limits +500 open files/);
});

it('an environment that is too large: names the variable and its size, and changes nothing', async () => {
  const big = 'x'.repeat(200_000);
  const { name } = await sandbox.start('env-and-argv.cjs', { instances: 1 });
  const generation = (await sandbox.snapshot(name)).generation;
  const file = (app: string, options: object): string =>
    sandbox.writeApp(`${app}.json`, JSON.stringify({ apps: [{ name: app, script: 'server.cjs', ...options }] }));
  sandbox.deploy('server.cjs', 'env-and-argv.cjs', '1');
  const refused: [args: string[], reason: RegExp][] = [
    [['start', file('one', { env: { BIG: big } })], /the variable BIG has 200,005 bytes, and the system takes at most 131,072 bytes/],
    [['start', file('argument', { args: [big] })], /argument 2 has 200,001 bytes/],
    [
      ['start', file('together', { env: Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`V${n}`, 'x'.repeat(100_000)])) })],
      /have 7,\d{3},\d{3} bytes together/,
    ],
  ];
  for (const [args, reason] of refused) {
    const result = await sandbox.lb(...args);
    expect(result.code, String(result).slice(0, 2_000)).toBe(1);
    expect(result.stderr.replaceAll(/\n */g, ' ')).toMatch(reason);
  }
  const updated = await sandbox.control('POST', `/v1/apps/${name}/reload`, { updateEnv: { BIG: big } });
  expect(updated.text).toContain('the variable BIG has 200,005 bytes');
  expect((await sandbox.apps()).map((app) => [app.name, app.state, app.generation])).toEqual([[name, 'online', generation]]);
});

it('a directory that was deleted: commands that need none work, the others say it in one line', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const gone = join(sandbox.directory, 'gone');
  mkdirSync(gone);
  const inGone = (line: string): ReturnType<typeof shell> => shell(`mkdir -p ${gone}; cd ${gone}; rmdir ${gone}; ${line}`);
  rmdirSync(gone);
  for (const line of [
    'lb list',
    'lb list --workers',
    `lb show ${name}`,
    `lb reload ${name} --monitor 100`,
    `lb stop ${name}`,
    `lb start ${name}`,
    'lb --help',
  ]) {
    const { code, err } = inGone(line);
    expect(code, `${line}: ${err}`).toBe(0);
  }
  for (const line of ['lb start server.js', 'lb start', 'lb start lb.config.js']) {
    const { code, err } = inGone(line);
    expect(code, line).toBe(3);
    expect(err.split('\n').slice(0, 1)).toEqual([`error: the current directory was deleted: ${gone}`]);
    expect(err).not.toContain('uv_cwd');
  }
  expect((await getJson(port)).version).toBe('1');
});
