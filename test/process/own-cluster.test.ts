/** @module-tag light */
import { expect, it } from 'vitest';
import { getJson } from '../helpers/http.ts';
import { childrenOf, killProcess } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { waitFor } from '../helpers/wait.ts';

const sandbox = await createSandbox();

it('S12: a connection on its way to a cluster worker of the app that is killed goes to another one', { tags: ['every-node'] }, async () => {
  const { name, port } = await sandbox.start('survivor.cjs', { instances: null, env: { MEMBERS: '2' } });
  const [app = 0] = await sandbox.workerPids(name);
  const members = await waitFor('two members', () => (childrenOf(app).length === 2 ? childrenOf(app) : false));
  const [stopped, other] = members;
  if (stopped === undefined || other === undefined) throw new Error('no members');
  await waitFor('both to serve', async () => (await getJson(port)).pid === stopped.pid && (await getJson(port)).pid === other.pid);
  killProcess(stopped, 'SIGSTOP');
  // One of them is sent to the stopped one, and the others wait for nobody.
  const answers = [1, 2, 3, 4].map(() => getJson(port));
  let answered = 0;
  for (const answer of answers) void answer.then(() => answered++);
  await waitFor('three answers', () => answered === 3);
  killProcess(stopped, 'SIGKILL');
  const pids = (await Promise.all(answers)).map(({ pid }) => pid);
  expect(pids).not.toContain(stopped.pid);
  expect((await sandbox.snapshot(name)).workers).toMatchObject([{ pid: app, restarts: 0 }]);
});
