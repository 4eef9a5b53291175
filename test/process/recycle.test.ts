import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless, expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it.each([
  ['requests', ['--max-requests', '200']],
  ['lifetime', ['--max-lifetime', '2s']],
] as const)('S23: at their limit of %s all workers are replaced start-first, one at a time, and no request is lost', async (limit, flags) => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3, flags: [...flags, '--recycle-jitter', '0.5', '--max-draining', '1'] });
  const before = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'keep-alive', clients: 3 });
  const briefly = startLoad({ port, mode: 'connection-per-request', clients: 3 });

  let fewestReady = 3;
  let [mostWorkers, mostStarting, mostLeaving] = [0, 0, 0];
  const after = await sandbox.waitForApp(
    name,
    'have replaced all three workers',
    ({ ready, workers }) => {
      const inState = (...states: string[]): number => workers.filter(({ state }) => states.includes(state)).length;
      fewestReady = Math.min(fewestReady, ready);
      mostWorkers = Math.max(mostWorkers, workers.length);
      mostStarting = Math.max(mostStarting, inState('starting'));
      mostLeaving = Math.max(mostLeaving, inState('draining', 'stopping'));
      return !workers.some(({ pid }) => before.includes(pid));
    },
    { deadlineMs: 20_000, everyMs: 5 },
  );
  expect(fewestReady).toBe(3);
  expect(mostWorkers).toBeLessThanOrEqual(4);
  expect(mostStarting).toBeLessThanOrEqual(1);
  expect(mostLeaving).toBeLessThanOrEqual(1);
  expectLossless(await load.stop(), 'keep-alive');
  expectLossless(await briefly.stop(), 'connection per request');
  const exits = after.lastExits.filter(({ pid }) => before.includes(pid));
  expect(exits.map(({ stopReason, code }) => [stopReason, code])).toEqual([
    [limit, 0],
    [limit, 0],
    [limit, 0],
  ]);
});

it('a worker above max_memory_kill is killed at once, and the others serve on', async () => {
  const { name, port } = await sandbox.start('leak.cjs', { instances: 3, flags: ['--max-memory-kill', '150M'] });
  const before = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  const { pid: leaky } = await getJson(port, '/leak');
  const others = before.filter((pid) => pid !== leaky);
  const { lastExits, workers } = await sandbox.waitForApp(
    name,
    `have replaced ${leaky}`,
    (now) => now.ready === 3 && !now.workers.some(({ pid }) => pid === leaky),
  );
  expect(workers.map(({ pid }) => pid)).toEqual(expect.arrayContaining(others));
  await load.waitForServed(20);
  // It may have been busy with a request of each client.
  expectOnlyResets(await load.stop(), 3);
  expect(lastExits).toMatchObject([
    { pid: leaky, signal: 'SIGKILL', stopReason: 'memory-kill', cause: expect.stringMatching(/^killed: it used \d+ MB, max_memory_kill is 150 MB$/) as string },
  ]);
});
