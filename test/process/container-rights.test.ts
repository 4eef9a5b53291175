/**
 * @module-tag light
 * @module-tag root
 */
import { expect, it, onTestFinished } from 'vitest';
import { Container, STRANGER, type ContainerOptions } from '../helpers/container.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { lost } from '../helpers/tally.ts';

/** A user without a name, no home directory, and a root that cannot be written: what Docker and Kubernetes do is in `npm run engines`. */
const sandbox = await createSandbox();

async function run(options: ContainerOptions = {}): Promise<{ readonly box: Container; readonly port: number }> {
  const port = await freePort();
  const box = new Container(sandbox, { ...options, env: { PORT: String(port), ...options.env } }, 'run', fixture('plain-http.cjs'), '-n', 'box', '-i', '2');
  onTestFinished(() => box.kill());
  await sandbox.waitFor('both workers to be ready', () => box.output.split(' ready in ').length === 3, { context: () => box.output });
  return { box, port };
}

it.each([
  { uid: STRANGER, volume: false, home: `/dev/shm/lb-${STRANGER}` },
  { uid: STRANGER, volume: true, home: `lb-${STRANGER}` },
  { uid: 0, volume: true, home: 'lb-0' },
])('user $uid, volume $volume: it starts, is found by every user, drains under load, and leaves no temporary file', async ({ uid, volume, home }) => {
  const { box, port } = await run({ uid, volume, env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } });
  for (const user of new Set([uid, 0])) expect(await box.lb(user, 'list')).toMatch(/box\s.*online\s+2\/2/);
  const load = startLoad({ port, mode: 'connection-per-request', clients: 4 });
  await load.waitForServed(50);
  const path = volume ? `${box.volume}/${home}` : home;
  const files = await box.exec(0, 'find', path, '-name', '*.tmp*');
  expect(files).toBe('');
  box.stop();
  expect(await box.ended).toBe(0);
  const tally = await load.stop();
  expect(lost({ ...tally, refused: 0 }), JSON.stringify(tally)).toBe(0);
});

it('an app that fails ends the container with its code', async () => {
  const box = new Container(sandbox, { env: { CODE: '7', WORK_MS: '1' } }, 'run', fixture('exit-code.cjs'));
  onTestFinished(() => box.kill());
  expect(await box.ended, box.output).toBe(7);
});
