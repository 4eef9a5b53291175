/** @module-tag light */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** A TypeScript project that has installed the packed package. */
function createProject(): string {
  const project = join(sandbox.directory, 'project');
  const installed = join(project, 'node_modules/lb-supervisor');
  mkdirSync(installed, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--silent', `--pack-destination=${project}`];
  const tarball = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  execFileSync('tar', ['-xzf', join(project, tarball), '--strip-components=1', '-C', installed]);
  // Its dependencies are those of the checkout.
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules/@types'), join(project, 'node_modules/@types'));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  copyFileSync(join(ROOT, 'test/fixtures/packages/api-client.ts.txt'), join(project, 'client.ts'));
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--exactOptionalPropertyTypes', '--types', 'node', '--skipLibCheck', 'false'];
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, 'client.ts'], { cwd: project, stdio: 'inherit' });
  return project;
}

it('a TypeScript project drives apps with the packed package: types, start, reload with progress, events, logs', { timeout: 90_000 }, async () => {
  await sandbox.start('prints.cjs', { name: 'other', instances: 1 });
  const project = createProject();
  const script = sandbox.writeApp('api.cjs', `console.log('hello'); require('node:http').createServer((_, res) => res.end()).listen(process.env.PORT);`);
  const env = { ...sandbox.env, HOME: sandbox.directory };
  const printed = execFileSync(process.execPath, ['client.js', script, String(await freePort())], { cwd: project, env, encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual({
    started: [2],
    steps: expect.arrayContaining(['starting', 'ready', 'draining']) as string[],
    instances: [1, 1],
    line: 'hello',
    again: ['online'],
    missing: 'LB_ERR_APP_NOT_FOUND',
    left: 1,
    reloaded: true,
  });
});
