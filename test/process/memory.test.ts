import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('S15: workers above their memory limit are replaced start-first, one at a time, and no request is lost', async () => {
  const { name, port } = await sandbox.start('leak.cjs', { flags: ['--max-memory-restart', '150M'] });
  const before = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  const leaked = new Set<number>();
  // A worker that leaked early may have been replaced by now, and its successor leaks too.
  while (!before.every((pid) => leaked.has(pid))) leaked.add((await getJson(port, '/leak')).pid);

  let fewestReady = 2;
  let mostAtOnce = 0;
  const after = await sandbox.waitForApp(
    name,
    'have replaced both workers',
    (now) => {
      fewestReady = Math.min(fewestReady, now.ready);
      mostAtOnce = Math.max(mostAtOnce, now.workers.filter((worker) => worker.state === 'starting').length);
      return now.ready === 2 && now.workers.length === 2 && !now.workers.some((worker) => before.includes(worker.pid));
    },
    { deadlineMs: 20_000 },
  );
  expect(fewestReady).toBe(2);
  expect(mostAtOnce).toBeLessThanOrEqual(1);
  await load.waitForServed(20);
  expectLossless(await load.stop(), 'S15');
  const exits = after.lastExits.filter((exit) => before.includes(exit.pid));
  expect(exits).toMatchObject([{ stopReason: 'memory' }, { stopReason: 'memory' }]);
  expect(after.state).toBe('online');
});

it('a worker below its limit is left alone', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { flags: ['--max-memory-restart', '150M'] });
  const before = await sandbox.workerPids(name);
  const measured = await sandbox.waitForApp(name, 'have a memory sample', (now) => now.workers.every((worker) => (worker.memoryBytes ?? 0) > 0));
  expect(measured.memoryBytes).toBeLessThan(2 * 150 * 1024 ** 2);
  await sandbox.waitForApp(name, 'have lived through three samples', (now) => (now.uptimeMs ?? 0) > 3000);
  expect(await sandbox.workerPids(name)).toEqual(before);
});
