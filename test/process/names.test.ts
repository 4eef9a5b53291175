/** @module-tag light */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** A project with an `index.js`, as every machine has several; with a way to run commands in it. */
function project(name: string): { readonly script: string; readonly lb: (...args: string[]) => Promise<LbResult> } {
  const script = sandbox.writeApp(`${name}/index.js`, readFileSync(fixture('plain-http.cjs'), 'utf8'));
  return { script, lb: async (...args) => sandbox.lbWith({ cwd: dirname(script), env: { PORT: String(await freePort()) } }, ...args) };
}

const scriptOf = async (app: string): Promise<string> => (await sandbox.snapshot(app)).spec.script;

function expectTaken(result: LbResult, owner: string, claim: string): void {
  expect(result.code, String(result)).toBe(1);
  expect(result.stderr.replaceAll('\n', ' ')).toContain(`the name "index" belongs to ${owner}, and ${claim} is another app`);
}

it('two projects with an index.js: the second gets a name of its own, whatever the first does', async () => {
  const [shop, blog] = [project('shop'), project('blog')];
  expect((await shop.lb('start', 'index.js')).code).toBe(0);
  const started = await blog.lb('start', 'index.js', '--kill-timeout', '2s');
  expectTaken(started, shop.script, blog.script);
  await sandbox.ok('stop', 'index');
  expectTaken(await blog.lb('start', 'index.js'), shop.script, blog.script);
  expect(await scriptOf('index'), 'the definition of the first').toBe(shop.script);

  const [, advised = ''] = /give it a name of its own: lb (.*)/.exec(started.stderr) ?? [];
  expect(advised).toBe('start index.js --kill-timeout 2s -n blog');
  expect((await blog.lb(...advised.split(' '))).code).toBe(0);
  expect((await blog.lb('start', 'index')).code, 'by name, from anywhere').toBe(0);
  expect((await sandbox.apps()).map(({ name, state, spec }) => [name, state, spec.script])).toEqual([
    ['blog', 'online', blog.script],
    ['index', 'online', shop.script],
  ]);

  await sandbox.ok('delete', 'index', 'blog');
  expect((await blog.lb('start', 'index.js')).code, 'the name is free').toBe(0);
});

it('config files: a reload does not hand a name to another project either, but follows a change of the file', async () => {
  const [shop, blog] = [project('shop'), project('blog')];
  for (const each of ['shop', 'blog']) sandbox.writeApp(`${each}/lb.config.json`, JSON.stringify({ apps: [{ name: 'index', script: 'index.js' }] }));
  expect((await shop.lb('start')).code).toBe(0);
  for (const command of ['start', 'reload', 'restart']) {
    const result = await blog.lb(command, 'lb.config.json');
    expectTaken(result, shop.script, blog.script);
    expect(result.stderr, command).toContain('lb start lb.config.json -n blog');
  }
  const moved = sandbox.writeApp('shop/dist/server.js', readFileSync(fixture('plain-http.cjs'), 'utf8'));
  sandbox.writeApp('shop/lb.config.json', JSON.stringify({ apps: [{ name: 'index', script: 'dist/server.js' }] }));
  expect((await shop.lb('reload', 'lb.config.json', '--monitor', '100')).code).toBe(0);
  expect(await scriptOf('index')).toBe(moved);
});

it.each(['@org/api', 'a/b', 'api:3000', 'My API (prod)'])('an app can be called %s, as in PM2: its files have names that are safe', async (name) => {
  const port = await freePort();
  const file = sandbox.writeApp('ecosystem.config.json', JSON.stringify({ apps: [{ name, script: fixture('plain-http.cjs'), port }] }));
  await sandbox.ok('start', file);
  const { spec } = await sandbox.snapshot(name);
  expect(spec.outFile).toMatch(/\/logs\/[A-Za-z\d._-]+-[0-9a-f]{8}-out\.log$/);
  expect((await sandbox.ok('list')).stdout).toContain(name);
  await sandbox.ok('reload', name);
  const primary = await sandbox.primaryPid(name);
  process.kill(primary, 'SIGKILL');
  await sandbox.waitForApp(name, 'have another primary', ({ state, primaryPid }) => state === 'online' && primaryPid !== null && primaryPid !== primary);
  expect((await fetch(`http://127.0.0.1:${port}/`)).ok).toBe(true);
  await sandbox.ok('report', name);
  await sandbox.ok('stop', name);
  await sandbox.ok('start', name);
  await sandbox.ok('delete', name);
});
