/** @module-tag light */
import { expect, it } from 'vitest';
import { acceptingPids } from '../helpers/accepting-pids.ts';
import { connectInTurn, holdConnection } from '../helpers/clients/connections.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();

it('weight 0: no new connection, those that are open go on', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3 });
  const held = [0, 1, 2].map(() => holdConnection(port));
  const slots = [];
  for (const connection of held) slots.push(Number((await connection.ask()).slot));
  expect([...slots].sort()).toEqual([0, 1, 2]);
  await sandbox.ok('weight', name, '1=0');
  expect(await connectInTurn(sandbox, { name, port }, 20)).toEqual([10, 0, 10]);
  for (const [index, connection] of held.entries()) expect(Number((await connection.ask()).slot)).toBe(slots[index]);
  await sandbox.ok('weight', name, '1=2');
  await connectInTurn(sandbox, { name, port }, 4);
  expect(await connectInTurn(sandbox, { name, port }, 40)).toEqual([10, 20, 10]);
});

it('lb weight under load loses nothing', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 3 });
  const loads = [
    startLoad({ port, mode: 'connection-per-request', clients: 4 }),
    startLoad({ port, mode: 'keep-alive', clients: 3 }),
    startLoad({ port, mode: 'think', thinkMs: 50, clients: 3 }),
  ];
  for (const weights of [['0=0'], ['0=1', '1=0', '2=0'], ['1=0.1', '2=7'], ['0=1', '1=1', '2=1']]) {
    await sandbox.ok('weight', name, ...weights);
    await Promise.all(loads.map((load) => load.waitForServed(30)));
  }
  for (const load of loads) expectLossless(await load.stop(), 'lb weight');
});

it('a weight outlives a reload', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2 });
  await sandbox.ok('weight', name, '0=0');
  await sandbox.ok('reload', name, '--monitor', '100');
  expect(await connectInTurn(sandbox, { name, port }, 10)).toEqual([0, 10]);
});

it('weights that make no sense are refused, and nothing changes', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2, flags: ['--weights', '1,3'] });
  const attempts = [
    { words: ['2=1'], code: 3, says: 'has no slot 2; its slots are 0 to 1' },
    // The first of them alone would be fine.
    { words: ['0=5', '7=1'], code: 3, says: 'has no slot 7' },
    { words: ['0=0', '1=0'], code: 1, says: 'no slot would have a weight above 0' },
    { words: ['0=257'], code: 2, says: 'expected <slot>=<weight>' },
    { words: ['0=-1'], code: 2, says: 'expected <slot>=<weight>' },
  ];
  for (const { words, code, says } of attempts) {
    const result = await sandbox.lb('weight', name, ...words);
    expect(result.code, String(result)).toBe(code);
    expect(result.stderr).toContain(says);
    expect((await sandbox.snapshot(name)).spec.weights).toEqual([1, 3]);
  }
  expect(await connectInTurn(sandbox, { name, port }, 40)).toEqual([10, 30]);
});

it('direct knows 0 and 1', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2, flags: ['--balance', 'direct'] });
  const half = await sandbox.lb('weight', name, '0=0.5');
  expect(half.code, String(half)).toBe(1);
  expect(half.stderr).toContain('a weight is 0 or 1');
  const [first = 0] = await sandbox.workerPids(name);
  const load = startLoad({ port, mode: 'connection-per-request' });
  await sandbox.ok('weight', name, '0=0');
  await sandbox.waitFor('slot 0 to accept nothing more', async () => !(await acceptingPids(port)).includes(first));
  await sandbox.ok('weight', name, '0=1');
  await sandbox.waitFor('slot 0 to accept again', async () => (await acceptingPids(port)).includes(first));
  expectLossless(await load.stop(), 'weights of direct');
});
