/** @module-tag light */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

afterEach(async () => sandbox.clear());

const server = (version: string): string => `require('node:http').createServer((_, answer) => answer.end('${version}')).listen(process.env.PORT);\n`;

const ask = async (port: number): Promise<string> =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
    async (answer) => answer.text(),
    (error: unknown) => `failed: ${String(error)}`,
  );

/** Starts `server.cjs` in a folder of its own. */
async function watched(name: string, ...flags: string[]): Promise<{ readonly port: number; readonly script: string; readonly folder: string }> {
  const script = sandbox.writeApp(`${name}/server.cjs`, server('one'));
  const port = await freePort();
  await sandbox.lbWith({ cwd: dirname(script), env: { PORT: String(port) } }, 'start', 'server.cjs', '-n', name, '--watch', ...flags);
  await sandbox.waitForOnline(name);
  return { port, script, folder: dirname(script) };
}

it('a saved file reloads the app, and nobody is refused; code that does not start leaves the old one serving', async () => {
  const { port, script } = await watched('web', '-i', '2');
  const answers = new Set<string>();
  writeFileSync(script, server('two'));
  await sandbox.waitFor('the new version', async () => {
    const answer = await ask(port);
    answers.add(answer);
    return answer === 'two';
  });
  await sandbox.waitForOnline('web');
  expect([...answers].filter((answer) => answer.startsWith('failed'))).toEqual([]);

  writeFileSync(script, 'this is no JavaScript\n');
  await sandbox.waitFor('the reload to fail', async () => (await sandbox.ok('events', 'web')).stdout.includes('reload failed'));
  expect(await ask(port)).toBe('two');
  writeFileSync(script, server('three'));
  await sandbox.waitFor('the repaired version', async () => (await ask(port)) === 'three');
});

it('an app that has given up is repaired by saving its file', async () => {
  const script = sandbox.writeApp('broken/server.cjs', 'process.exit(3);\n');
  const port = await freePort();
  const started = await sandbox.lbWith(
    { cwd: dirname(script), env: { PORT: String(port) } },
    ...['start', 'server.cjs', '-n', 'broken', '--max-restarts', '1', '--restart-delay', '10', '--watch'],
  );
  expect(started.code).toBe(1);
  await sandbox.waitForApp('broken', 'give up', ({ state, primaryPid }) => state === 'errored' && primaryPid !== null);
  writeFileSync(script, server('repaired'));
  await sandbox.waitForOnline('broken');
  expect(await ask(port)).toBe('repaired');
  await sandbox.ok('stop', 'broken');
  expect(await sandbox.snapshot('broken')).toMatchObject({ state: 'stopped', primaryPid: null });
});

it('what is ignored, dot files, node_modules and its own logs reload nothing', async () => {
  const { folder, script, port } = await watched('calm', '--ignore-watch', 'uploads', '--watch-delay', '50', '-o', 'calm.log', '-e', 'calm.log');
  for (const file of ['uploads/1.png', '.git/HEAD', 'node_modules/a/index.js', 'calm.log']) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    appendFileSync(join(folder, file), 'x\n');
  }
  // Were one of them watched, its reload would come before this one.
  await sandbox.waitFor('a reload', async () => {
    appendFileSync(script, '\n');
    return (await sandbox.snapshot('calm')).generation > 1;
  });
  const events = (await sandbox.ok('events', 'calm', '--json')).stdout;
  const causes = [...events.matchAll(/"message":"([^"]* changed: [^"]*)"/g)].map(([, message]) => message);
  expect(new Set(causes)).toEqual(new Set(['server.cjs changed: reload begins']));
  await sandbox.waitForOnline('calm');
  expect(await ask(port)).toBe('one');
});
