/** @module-tag light */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { killProcess, processesOf, type ProcessInfo } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

const COOKIE = 'cookie-of-this-job';
/** By these, runners find what a job has left behind. */
const JOB = {
  RUNNER_TRACKING_ID: COOKIE,
  JENKINS_NODE_COOKIE: COOKIE,
  JENKINS_SERVER_COOKIE: COOKIE,
  HUDSON_COOKIE: COOKIE,
  BUILD_ID: COOKIE,
  VSTS_PROCESS_LOOKUP_ID: COOKIE,
  TEAMCITY_PROCESS_FLOW_ID: COOKIE,
  CI_JOB_TOKEN: COOKIE,
  GITHUB_ENV: COOKIE,
};

/** What a runner does when its job has ended. Resolves with what it killed. */
function endJob(): ProcessInfo[] {
  const left = processesOf(sandbox.directory).filter(({ pid }) => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(COOKIE));
  for (const found of left) killProcess(found, 'SIGKILL');
  return left;
}

it('jobs deploy, and what they leave behind is killed: nothing of it belongs to a job', async () => {
  const port = await freePort();
  const script = sandbox.deploy('server.cjs', 'env-and-argv.cjs', '1');
  const config = sandbox.writeApp('lb.config.json', JSON.stringify({ apps: [{ name: 'api', script: 'server.cjs', instances: 2, env: { RELEASE: 'r7' } }] }));
  const job = async (...args: string[]): Promise<void> => {
    const result = await sandbox.lbWith({ env: { ...JOB, PORT: String(port), DEPLOYED: args[0] ?? '' } }, ...args);
    expect(result.code, String(result)).toBe(0);
    expect(endJob(), `left by lb ${args.join(' ')}`).toEqual([]);
  };
  await job('start', config);
  const load = startLoad({ port, mode: 'keep-alive', clients: 2 });
  await load.waitForServed(5);
  await job('reload', config, '--monitor', '100');
  await job('reload', 'api', '--update-env', '--monitor', '100');
  await job('restart', config);
  await load.waitForServed(5);
  expectLossless(await load.stop(), 'deploys by CI jobs');

  await sandbox.killPrimary('api');
  await sandbox.waitForApp('api', 'hold its sockets twice', (now) => now.socketsKept);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  await sandbox.waitFor('a new daemon', () => sandbox.daemonPid());
  expect(endJob(), 'what was respawned').toEqual([]);
  const { env } = await getJson<{ env: Record<string, string> }>(port);
  expect(env, 'other variables of the job, and those that are named').toMatchObject({ DEPLOYED: 'restart', RELEASE: 'r7' });
  expect(script).toContain(sandbox.directory);
});
