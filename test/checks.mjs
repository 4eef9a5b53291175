// Everything but the tests: what compiles beside what does not wait for it, since each uses little more than one core.
import { spawn } from 'node:child_process';

/** Each in its order. A script fails with what it printed. */
const LANES = [
  ['build', 'format:check', 'knip'],
  ['typecheck', 'lint'],
];

const run = (script) =>
  new Promise((resolve) => {
    spawn('npm', ['run', '-s', script], { stdio: ['ignore', 'inherit', 'inherit'] }).once('close', (code) => resolve(code === 0));
  });

async function lane(scripts) {
  for (const script of scripts) if (!(await run(script))) return false;
  return true;
}

const passed = await Promise.all(LANES.map(lane));
process.exitCode = passed.every(Boolean) ? 0 : 1;
