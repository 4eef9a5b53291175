/** @module-tag light */
/** @module-tag every-kind */
import { expect, it } from 'vitest';
import { request } from '../helpers/http.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

const linesOf = (file: string): string[] => (sandbox.logFiles().get(file)?.toString('utf8') ?? '').split('\n').slice(0, -1);

it('what a worker prints after its primary was killed reaches the log file, and who follows the log', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('prints.cjs', { instances: 1 });
  const follow = sandbox.lbBackground('logs', name);
  await sandbox.waitFor('the follower', async () => {
    await request('/', { port, method: 'POST', body: 'hello\n' });
    return follow.stdout.includes('hello');
  });
  const answer = request('/slowly?lines=40', { port });
  const slowIn = (file: string): string[] => linesOf(file).filter((line) => line.startsWith('slow '));
  const printed = (): string[] => [...slowIn(`${name}-out.log`), ...slowIn(`${name}-error.log`)];
  const [pid] = await sandbox.workerPids(name);
  const primary = await sandbox.primaryPid(name);
  // What the primary has read and not yet written is lost with it: it is killed between two lines.
  const before = printed().length;
  await sandbox.waitFor('the next line', () => printed().length > before, { everyMs: 5 });
  process.kill(primary, 'SIGKILL');
  expect(JSON.parse((await answer).body)).toMatchObject({ pid });
  const all = Array.from({ length: 40 }, (_, index) => `slow ${index + 1}`);
  const wanted = (isError: boolean): string[] => all.filter((_, index) => ((index + 1) % 4 === 3) === isError);
  await sandbox.waitFor('all lines', () => printed().length >= 40);
  expect(slowIn(`${name}-out.log`)).toEqual(wanted(false));
  expect(slowIn(`${name}-error.log`)).toEqual(wanted(true));
  await sandbox.waitFor('the follower to have the last line', () => follow.stdout.includes('slow 40'));
  await sandbox.waitForOnline(name);
});

it('the next daemon holds the output too; where nobody is left to read it, losing it costs a worker no request', async () => {
  const { name, port } = await sandbox.start('prints.cjs', { instances: 1 });
  let daemon = await sandbox.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await sandbox.waitFor('a daemon that did not start the primary', async () => (await sandbox.daemonPid()) !== daemon);
  await sandbox.waitForApp(name, 'be adopted', ({ socketsKept }) => socketsKept);
  const slow = request('/slowly?lines=16', { port });
  const printed = (): number => [...linesOf(`${name}-out.log`), ...linesOf(`${name}-error.log`)].filter((line) => line.startsWith('slow ')).length;
  const before = printed();
  // What the primary has read and not yet written is lost with it: it is killed between two lines.
  await sandbox.waitFor('the next line', () => printed() > before, { everyMs: 5 });
  process.kill(await sandbox.primaryPid(name), 'SIGKILL');
  expect((await slow).status).toBe(200);
  await sandbox.waitFor('all lines', () => printed() === 16);

  await sandbox.waitForOnline(name);
  daemon = await sandbox.daemonPid();
  const primary = await sandbox.primaryPid(name);
  const [pid] = await sandbox.workerPids(name);
  const answer = request('/busily?ms=1000', { port });
  await sandbox.waitFor('output', () => linesOf(`${name}-out.log`).length > 16);
  for (const each of [daemon, primary]) process.kill(each, 'SIGKILL');
  expect(JSON.parse((await answer).body)).toMatchObject({ pid });
  await sandbox.waitForOnline(name);
});
