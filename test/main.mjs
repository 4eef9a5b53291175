// Runs all tests: those that start processes one at a time, with the unit tests beside them, then those that need less of the machine.
import { spawn } from 'node:child_process';

/** @returns whether all passed; what it prints comes in one piece if others run beside it */
function vitest(run, projects, { workers, beside = false } = {}) {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...projects.map((project) => `--project=${project}`),
    ...(workers === undefined ? [] : [`--maxWorkers=${workers}`]),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', beside ? 'pipe' : 'inherit', beside ? 'pipe' : 'inherit'],
    env: { ...process.env, LB_TEST_RUN: run },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.stdout.write(output);
      resolve(code === 0);
    });
  });
}

const passed = [
  ...(await Promise.all([vitest('process', ['process']), vitest('unit', ['unit'], { workers: 1, beside: true })])),
  await vitest('light', ['process-light', 'process-plain']),
];
process.exitCode = passed.every(Boolean) ? 0 : 1;
