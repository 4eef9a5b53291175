/** @module-tag every-node */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { holdConnection } from '../helpers/clients/connections.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('idle connections that the server would keep for 72 s: a reload of 4 workers lasts as long as their starts and one drain', async () => {
  const exits = join(sandbox.directory, 'exits');
  const { name, port } = await sandbox.start('keep-alive-long.cjs', { instances: 4, env: { EXITS: exits }, flags: ['--drain-idle', '3s'] });
  const before = await sandbox.workerPids(name);
  const idle = Array.from({ length: 28 }, () => holdConnection(port));
  await Promise.all(idle.map((client) => client.ask()));
  const load = startLoad({ port, mode: 'think', thinkMs: 2_000, clients: 12 });
  const { durationMs } = await sandbox.ok('reload', name, '--monitor', '300');
  // Four starts with a monitor window of 0.3 s, and 3 s; four drains one after the other would take 12 s alone.
  expect(durationMs).toBeLessThan(10_000);
  expectLossless(await load.stop(), 'reload');
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.map(({ signal, code, stopReason }) => [signal, code, stopReason])).toEqual(Array.from({ length: 4 }, () => [null, 0, 'reload']));
  expect(existsSync(exits) ? readFileSync(exits, 'utf8').trim().split('\n').map(Number).sort() : []).toEqual([...before].sort());
});

it('an app whose SIGTERM listener ends nothing exits by itself when nothing is left to do', async () => {
  const { name, port } = await sandbox.start('sse.cjs', { env: { LISTENS_FOR_SIGTERM: '1' }, flags: ['--drain-idle', '1s'] });
  await holdConnection(port).ask();
  const { durationMs } = await sandbox.ok('stop', name);
  expect(durationMs).toBeLessThan(6_000);
  const { lastExits } = await sandbox.snapshot(name);
  expect(lastExits.map(({ signal, code }) => [signal, code])).toEqual([
    [null, 0],
    [null, 0],
  ]);
});
