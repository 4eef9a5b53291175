import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { createPm2, needsPm2 } from '../helpers/pm2.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';
import { waitFor } from '../helpers/wait.ts';

const sandbox = await createSandbox();
const pm2 = createPm2(sandbox);
const answers = (port: number): Promise<unknown> => waitFor(`port ${port} to answer`, () => getJson(port).catch(() => null));
/** More of them with `LB_MIGRATIONS=5`. */
const MIGRATIONS = Number(process.env['LB_MIGRATIONS'] ?? 1);

it.for(Array.from({ length: MIGRATIONS }, (_, round) => round))(
  'S46: a cluster app and a fork app move from PM2 under load, and no request fails (%i)',
  { timeout: 120_000 },
  async (round, context) => {
    needsPm2(context);
    const journal = join(sandbox.directory, `journal-${round}`);
    const [cluster, fork] = [await freePort(), await freePort()];
    await pm2.run(['start', fixture('plain-http.cjs'), '-n', 'web', '-i', '2'], { PORT: String(cluster), VERSION: 'v1' });
    await pm2.run(['start', fixture('plain-http.cjs'), '-n', 'api', '--', '--flag'], { PORT: String(fork), VERSION: 'v1' });
    await pm2.run(['start', fixture('bot.cjs'), '-n', 'bot', '--kill-timeout', '5000'], { JOURNAL: journal });
    await Promise.all([cluster, fork].map(answers));
    const loads = [cluster, fork].flatMap((port) => [startLoad({ port, mode: 'keep-alive' }), startLoad({ port, mode: 'connection-per-request' })]);
    await Promise.all(loads.map((load) => load.waitForServed(20)));

    const plan = await sandbox.lbWith({ env: pm2.env }, 'migrate', 'pm2', '--json', ...pm2.flags);
    const { moves } = plan.json<{ moves: { name: string; way: string }[] }>();
    expect(moves.map(({ name, way }) => [name, way])).toEqual([
      ['web', 'hand-over'],
      ['api', 'hand-over'],
      ['bot', 'gap'],
    ]);
    expect(await pm2.names()).toEqual(['web', 'web', 'api', 'bot']);

    const moved = await sandbox.lbWith({ env: pm2.env, timeoutMs: 90_000 }, 'migrate', 'pm2', '--yes', ...pm2.flags);
    expect(moved.code, moved.toString()).toBe(0);
    await Promise.all(loads.map((load) => load.waitForServed(20)));
    for (const load of loads) expectLossless(await load.stop(), 'migration');

    expect(await pm2.names()).toEqual([]);
    expect(pm2.saved).toEqual([]);
    const apps = await sandbox.apps();
    expect(apps.map(({ name, state, spec, instances }) => [name, state, spec.kind, instances])).toEqual([
      ['api', 'online', 'plain', 1],
      ['bot', 'online', 'plain', 1],
      ['web', 'online', 'cluster', 2],
    ]);
    expect(readFileSync(journal, 'utf8')).not.toContain('meets');
    expect(apps[0]?.spec.args).toEqual(['--flag']);
    expect(apps[0]?.spec.outFile).toBe(join(pm2.home, 'logs/api-out.log'));
    const { env } = (await sandbox.control('GET', '/v1/apps/api/env')).json<{ env: Record<string, string> }>();
    expect(Object.keys(env).filter((name) => /^PM2_|^pm_|unique_id|^api$/.test(name))).toEqual([]);
  },
);

it('an app that does not start in lb stays with PM2, which serves on', { timeout: 60_000 }, async (context) => {
  needsPm2(context);
  const port = await freePort();
  const script = sandbox.deploy('stays.cjs', 'plain-http.cjs', 'v1');
  await pm2.run(['start', script, '-n', 'stays', '-i', '1'], { PORT: String(port) });
  await answers(port);
  const load = startLoad({ port, mode: 'connection-per-request' });
  await load.waitForServed(10);
  sandbox.deploy('stays.cjs', 'crash-at-boot.cjs', 'v2');
  const moved = await sandbox.lbWith({ env: pm2.env }, 'migrate', 'pm2', '--yes', '--only', 'stays', ...pm2.flags);
  expect(moved.code).toBe(1);
  expect(moved.stderr).toContain('"stays" was not moved, PM2 serves it as before');
  await load.waitForServed(10);
  expectLossless(await load.stop(), 'failed migration');
  expect(await pm2.names()).toEqual(['stays']);
  expect(await sandbox.apps()).toEqual([]);
  await pm2.run(['delete', 'stays']);
});
