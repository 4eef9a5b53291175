/** @module-tag light */
import { expect, it } from 'vitest';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('a memory limit below what the app needs is reached again and again: replacements become rare, are counted, and the limit is named', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { name: 'low', instances: 1, flags: ['--max-memory-restart', '20M'] });
  const load = startLoad({ port, mode: 'connection-per-request', clients: 1 });
  const { lowLimits } = await sandbox.waitForApp(name, 'name the limit', (now) => (now.recycles ?? 0) >= 3 && now.lowLimits !== undefined, {
    deadlineMs: 20_000,
  });
  const message = expect.stringMatching(/^max_memory_restart is too low: limit 20 MB, needs \d\d MB$/) as string;
  expect(lowLimits).toMatchObject([{ slot: 0, option: 'max_memory_restart', message, inARow: expect.any(Number) as number }]);
  expectLossless(await load.stop());
  const [list, show, metrics, events] = await Promise.all([sandbox.ok('list'), sandbox.ok('show', name), sandbox.ok('metrics'), sandbox.ok('events', name)]);
  expect(list.stdout).toMatch(/ {2}uptime {2}restarts {2}recycled {2}/);
  expect(list.stdout).toMatch(/low\[0\] max_memory_restart is too low: limit 20 MB, needs \d\d MB; replaced [3-9] times in a row/);
  expect(show.stdout).toMatch(/recycled +([3-9]) \(since the app was defined: \1 memory limit reached\)/);
  expect(metrics.stdout).toMatch(/lb_recycles_total\{app="low",reason="memory"\} [3-9]/);
  expect(events.stdout).toMatch(/warn +limit-low +low\[0\] worker 0: max_memory_restart is too low/);
});

it('a heap that is full is the cause of the crash, with its limit, and a memory limit above it is warned of', async () => {
  const { name, port, result } = await sandbox.start('leaks-heap.cjs', {
    instances: 1,
    flags: ['--node-args=--max-old-space-size=40', '--max-memory-restart', '6G'],
  });
  const warning = "max_memory_restart (6144 MB) is above V8's heap limit (40 MB)";
  expect(result.stderr).toContain(`warning: ${warning}`);
  await request('/leak', { port }).catch(() => {});
  const { lastFailure } = await sandbox.waitForApp(name, 'have crashed', (now) => now.lastFailure !== undefined && now.ready === 1);
  expect(lastFailure?.cause).toBe('JavaScript heap out of memory (limit 40 MB)');
  expect((await sandbox.ok('show', name)).stdout).toContain(warning);
});
