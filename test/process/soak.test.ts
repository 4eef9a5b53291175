import { expect, it } from 'vitest';
import { collectGarbage } from '../helpers/inspector.ts';
import { startLoad } from '../helpers/load.ts';
import { childrenOf, descriptorCount, openFiles, privateBytes } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** `LB_SOAK=500 npx vitest run test/process/soak.test.ts` is the long run. */
const RELOADS = Number(process.env['LB_SOAK'] ?? 12);
const WARM_UP = 6;
const PER_RELOAD_MS = 4000;
/** Compiled code and bounded histories, and far less than one forgotten worker per reload. */
const ALLOWED_GROWTH_BYTES = (8 + RELOADS * 0.03) * 1024 ** 2;

interface Footprint {
  readonly daemon: number;
  readonly primary: number;
}

it(`S26: ${RELOADS} reloads leave no zombie, no open descriptor and no memory behind`, { timeout: 60_000 + RELOADS * PER_RELOAD_MS }, async () => {
  const { name, port } = await sandbox.start('plain-http.cjs');
  const load = startLoad({ port, mode: 'think', thinkMs: 40, clients: 6, maxDurationMs: RELOADS * PER_RELOAD_MS + 60_000, maxRequests: 10_000_000 });
  const [daemonPid, primaryPid] = [await sandbox.daemonPid(), await sandbox.primaryPid(name)];
  const measure = (of: (pid: number) => number): Footprint => ({ daemon: of(daemonPid), primary: of(primaryPid) });
  const measureMemory = async (): Promise<Footprint> => {
    for (const pid of [daemonPid, primaryPid]) await collectGarbage(pid);
    return measure(privateBytes);
  };
  const reload = async (): Promise<void> => {
    await sandbox.ok('reload', name, '--monitor', '10');
  };

  for (let count = 0; count < WARM_UP; count++) await reload();
  await sandbox.waitForOnline(name);
  const before = { descriptors: measure(descriptorCount), bytes: await measureMemory() };
  for (let count = 0; count < RELOADS; count++) await reload();
  await sandbox.waitForOnline(name);

  const zombies = [...childrenOf(daemonPid), ...childrenOf(primaryPid)].filter((child) => child.state === 'Z');
  expect(zombies).toEqual([]);
  expect(childrenOf(primaryPid)).toHaveLength(2);
  // A connection may be on its way through the primary, or one of the CLI not yet closed, at the moment of the count.
  let now = before.descriptors;
  await sandbox.waitFor(
    'the descriptors to be back where they were',
    () => {
      now = measure(descriptorCount);
      return now.daemon <= before.descriptors.daemon + 1 && now.primary <= before.descriptors.primary + 1;
    },
    { context: () => `before ${JSON.stringify(before.descriptors)}, after ${JSON.stringify(now)}\n${[daemonPid, primaryPid].map(openFiles).join('\n')}` },
  );
  const after = await measureMemory();
  expect(after.daemon - before.bytes.daemon, 'growth of the daemon').toBeLessThan(ALLOWED_GROWTH_BYTES);
  expect(after.primary - before.bytes.primary, 'growth of the primary').toBeLessThan(ALLOWED_GROWTH_BYTES);
  expect(await sandbox.daemonPid()).toBe(daemonPid);
  expect(await sandbox.primaryPid(name)).toBe(primaryPid);
  expectLossless(await load.stop(), 'S26');
});
