/** @module-tag light */
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished, type TestContext } from 'vitest';
import { widthOf } from '../../src/terminal/text.ts';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { fixture, LB_PROGRAM } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { Pane } from '../helpers/tmux.ts';

const sandbox = await createSandbox();
const tmux = debianPackage('tmux', 'tmux');
let panes = 0;

/** `lb monit` on a terminal of its own. */
function monit(context: TestContext, size: { columns: number; rows: number }, ...args: string[]): Pane {
  const path = needsPackage(context, tmux);
  const pane = new Pane(path, join(sandbox.directory, `tmux-${++panes}`), [process.execPath, LB_PROGRAM, 'monit', ...args], { ...size, env: sandbox.env });
  onTestFinished(() => pane.close());
  return pane;
}

/** The shell has its terminal back as it was. */
async function expectRestored(pane: Pane, code: number): Promise<void> {
  expect(await pane.until(/^-?icanon$/m)).toMatch(new RegExp(`ended with ${code}\\nicanon`));
  expect(pane.hasOwnScreen).toBe(false);
}

beforeAll(async () => {
  // So that a daemon runs before the first test.
  await sandbox.start('plain-http.cjs', { name: '日本語 👩‍🚀' });
});

it('shows apps, opens one, reloads it after asking, follows a resize, and quits', async (context) => {
  await sandbox.start('plain-http.cjs', { name: 'api' });
  const pane = monit(context, { columns: 80, rows: 24 });
  await pane.until(/api +online +2\/2/);
  const starts = pane
    .screen()
    .split('\n')
    .filter((line) => /online +2\/2/.test(line))
    .map((line) => widthOf(line.slice(0, line.indexOf('online'))));
  expect(starts, 'where the state of each app is told').toEqual([starts[0], starts[0]]);
  expect(pane.hasOwnScreen).toBe(true);
  pane.type('Enter');
  await pane.until('generation 1');
  pane.type('r');
  await pane.until('reload api?');
  pane.type('n');
  await pane.until('cancelled');
  pane.type('r', 'y');
  await pane.until('api reloaded, generation 2');
  pane.resize(130, 30);
  await pane.until(/^ lb ›  api.{80,}\d\d:\d\d:\d\d$/m);
  pane.type('Escape');
  await pane.until('all apps');
  pane.type('q');
  await expectRestored(pane, 0);
});

it('kills one worker and scales', async (context) => {
  await sandbox.start('plain-http.cjs', { name: 'api' });
  const pids = await sandbox.workerPids('api');
  const pane = monit(context, { columns: 100, rows: 30 }, 'api');
  await pane.until(String(pids[1]));
  pane.type('Down', 'k');
  await pane.until(`kill worker 1 of api (pid ${pids[1]})?`);
  pane.type('y');
  await pane.until('SIGKILL sent to 1 worker of api');
  await sandbox.waitForOnline('api');
  const [first, second] = await sandbox.workerPids('api');
  expect(first).toBe(pids[0]);
  expect(second).not.toBe(pids[1]);
  pane.type('+');
  await pane.until(/3\/3 workers/);
  pane.type('/', '2', 'Enter');
  expect(await pane.until('only: 2')).not.toMatch(/^ +0 +\d+ +\d+ ready/m);
});

it('shows what decides on the number of workers, and takes it over', async (context) => {
  const apps = [{ name: 'api', script: fixture('plain-http.cjs'), env: { PORT: await freePort() }, scale: { min: 1, max: 4 } }];
  await sandbox.ok('start', sandbox.writeApp('lb.config.cjs', `module.exports = ${JSON.stringify({ apps })};\n`));
  const pane = monit(context, { columns: 100, rows: 30 }, 'api');
  await pane.until('scale auto, 1 to 4');
  pane.type('a');
  await pane.until('scale fixed at 1');
  pane.type('a');
  await pane.until('autoscale api from 1 to 4? (y/n)');
  pane.type('y');
  await pane.until('scale auto, 1 to 4');
});

it('shows, searches and scrolls the log of an app', async (context) => {
  const script = sandbox.writeApp(
    'talk.cjs',
    `
    for (let i = 1; i <= 60; i++) console.log('line ' + i + (i === 7 ? ' needle' : ''));
    console.error('trouble 漢字');
    require('node:http').createServer((q, r) => { console.log('asked for ' + q.url); r.end(); }).listen(process.env.PORT);`,
  );
  const { port } = await sandbox.start(script, { name: 'talk', instances: 1 });
  const pane = monit(context, { columns: 80, rows: 24 }, 'talk');
  await pane.until('online');
  pane.type('l');
  await pane.until('! trouble 漢字');
  await fetch(`http://127.0.0.1:${port}/now`);
  await pane.until('asked for /now');
  pane.bytes('\x1b[<64;5;5M');
  await pane.until('3 lines below');
  pane.type('/');
  await pane.until('search:');
  pane.type('needle', 'Enter');
  await pane.until('line 7 needle');
  pane.type('End');
  await pane.until('asked for /now');
});

it('says that the daemon is gone and goes on with the next one', async (context) => {
  await sandbox.start('plain-http.cjs', { name: 'api' });
  const pane = monit(context, { columns: 100, rows: 24 });
  await pane.until(/api +online/);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  expect(await pane.until('daemon gone')).toMatch(/api +online/);
  await pane.until(/^(?!.*daemon gone)[^]*api +online +2\/2/, { deadlineMs: 15_000 });
});

it('gives the terminal back at Ctrl-C, at SIGTERM, and while it is suspended', async (context) => {
  const interrupted = monit(context, { columns: 80, rows: 24 });
  await interrupted.until('all apps');
  interrupted.type('C-c');
  await expectRestored(interrupted, 0);
  const terminated = monit(context, { columns: 80, rows: 24 });
  await terminated.until('all apps');
  terminated.type('C-z');
  await sandbox.waitFor('the shell to have its screen', () => !terminated.hasOwnScreen);
  process.kill(terminated.programPid, 'SIGCONT');
  await terminated.until('all apps');
  expect(terminated.hasOwnScreen).toBe(true);
  process.kill(terminated.programPid, 'SIGTERM');
  await expectRestored(terminated, 143);
});

it('ends before it has the screen when there is no app of that name', async (context) => {
  await sandbox.start('plain-http.cjs', { name: 'api' });
  const pane = monit(context, { columns: 100, rows: 24 }, 'apii');
  await expectRestored(pane, 3);
  expect(pane.screen()).toMatch(/apii[^]*did you mean "api"/);
});

it('one frame for scripts, without a terminal', async () => {
  await sandbox.start('plain-http.cjs', { name: 'api' });
  const { stdout } = await sandbox.lbWith({ env: { COLUMNS: '120' } }, 'monit', '--once');
  expect(stdout).toMatch(/^ api +online +2\/2/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  expect((await sandbox.lb('monit', 'api', '--once')).stdout).toMatch(/^ +1 +\d+ +1 ready/m);
  expect((await sandbox.lb('monit', 'nope', '--once')).code).toBe(3);
  const refused = await sandbox.lb('monit');
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('needs a terminal')]);
});
