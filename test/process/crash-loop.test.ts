/** @module-tag light */
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startLoad } from '../helpers/load.ts';
import { createSandbox, type StartedApp } from '../helpers/sandbox.ts';
import { expectOnlyResets } from '../helpers/tally.ts';

const sandbox = await createSandbox();

/** An app whose given slots fall into a crash loop at the next restart, once the flag is written. */
async function startThatWillCrash(slots: string, ...flags: string[]): Promise<StartedApp & { readonly flag: string; crash(): Promise<void> }> {
  const flag = `${sandbox.directory}/apps/broken-${slots}`;
  rmSync(flag, { force: true });
  const started = await sandbox.start('crash-in-slot.cjs', { flags, env: { CRASH_SLOTS: slots, CRASH_FLAG: flag } });
  const crash = async (): Promise<void> => {
    sandbox.writeApp(`broken-${slots}`, '');
    for (const worker of await sandbox.readyWorkers(started.name)) {
      if (slots.split(',').includes(String(worker.slot))) process.kill(worker.pid, 'SIGKILL');
    }
  };
  return { ...started, flag, crash };
}

it('S16: restarts back off, then the slot is given up while the rest keeps serving', async () => {
  const base = 200;
  const { name, port, crash } = await startThatWillCrash('1', '--max-restarts', '3', '--exp-backoff-restart-delay', String(base));
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  await load.waitForServed(20);
  await crash();
  const after = await sandbox.waitForApp(name, 'give up slot 1', (now) => now.troubledSlots.some((slot) => slot.state === 'errored'), { deadlineMs: 15_000 });
  expect(after).toMatchObject({ state: 'degraded', ready: 1, instances: 2 });
  expect(after.troubledSlots).toMatchObject([{ slot: 1, state: 'errored', restartInMs: null }]);
  await load.waitForServed(50);
  expectOnlyResets(await load.stop(), 3, 'S16');

  const exits = after.lastExits.filter((exit) => exit.slot === 1 && exit.code === 1);
  expect(exits.at(-1)?.lastStderr.join('\n')).toContain('no luck in slot 1');
  const gaps = exits.slice(1).map((exit, index) => exit.at - (exits[index]?.at ?? 0));
  // Each delay doubles, with 20 % of jitter; a boot is added to every gap.
  gaps.forEach((gap, index) => expect(gap, `gaps ${gaps.join(', ')}`).toBeGreaterThan(base * 2 ** index * 0.75));
  const { stdout } = await sandbox.ok('list');
  expect(stdout).toContain('degraded');
  expect(stdout).toContain('1/2');
  expect(stdout).toMatch(/\[1\] errored after \d restarts: Error: no luck in slot 1 at \S*crash-in-slot\.cjs:4/);
  const events = (await sandbox.ok('events', name)).stdout;
  expect(events).toMatch(/exit +\S+ worker 1 ended: Error: no luck in slot 1 at/);
});

it('when every slot is given up the app is errored, says why, and can be started again', async () => {
  const { name, flag, crash } = await startThatWillCrash('0,1', '--max-restarts', '2', '--exp-backoff-restart-delay', '50');
  await crash();
  const errored = await sandbox.waitForApp(name, 'be errored', (now) => now.state === 'errored');
  expect(errored.error).toMatch(/Error: no luck in slot \d at .*crash-in-slot\.cjs:4; every worker gave up/);
  expect(errored.lastExits.at(-1)?.lastStderr.join('\n')).toContain('no luck in slot');
  expect((await sandbox.ok('show', name)).stdout).toContain('no luck in slot');
  expect((await sandbox.ok('list')).stdout).toContain('errored');
  rmSync(flag);
  await sandbox.ok('start', name);
  await sandbox.waitForOnline(name);
});

it('a reload with a repaired version brings back a slot that was given up', async () => {
  const { name, flag, crash } = await startThatWillCrash('1', '--max-restarts', '1', '--exp-backoff-restart-delay', '50');
  await crash();
  await sandbox.waitForApp(name, 'be degraded', (now) => now.state === 'degraded' && now.troubledSlots[0]?.state === 'errored');
  rmSync(flag);
  await sandbox.ok('reload', name, '--monitor', '100');
  const repaired = await sandbox.waitForOnline(name);
  expect(repaired.troubledSlots).toEqual([]);
});

it('--stop-exit-codes and --no-autorestart: a worker that ends stays ended', async () => {
  const stopped = await sandbox.start('exit-code.cjs', {
    instances: 1,
    env: { CODE: '3', WORK_MS: '1500' },
    flags: ['--stop-exit-codes', '3', '--listen-timeout', '1s'],
  });
  const never = await sandbox.start('exit-code.cjs', {
    instances: 1,
    env: { CODE: '9', WORK_MS: '1500' },
    flags: ['--no-autorestart', '--listen-timeout', '1s'],
  });
  for (const { name, code } of [
    { ...stopped, code: 3 },
    { ...never, code: 9 },
  ]) {
    const after = await sandbox.waitForApp(name, 'have ended', (now) => now.state === 'stopped');
    expect(after).toMatchObject({ restarts: 0, workers: [], lastExits: [{ code, stopReason: null }] });
  }
});
