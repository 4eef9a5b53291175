// Runs all tests in two lanes, since most of them compute as long as they run: those that fill the machine or measure one after the other
// in one lane, the unit tests in the other. Whichever lane is done takes some of the remaining ones, until none are left.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const PROCESS_TESTS = 'test/process';
/** The least that a run of some files has, in lines of tests: each run takes two seconds to begin. */
const LEAST_LINES = 200;

/** @returns whether all passed; what it prints comes in one piece, except in the `first` lane */
function vitest(run, projects, { files = [], first = false } = {}) {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', ...projects.map((project) => `--project=${project}`), ...files];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', first ? 'inherit' : 'pipe', first ? 'inherit' : 'pipe'],
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

/** Tests of this tag are not for the user who runs them. */
const otherUser = process.getuid() === 0 ? 'ordinary' : 'root';

/** The files of the other projects, with their lines once for each; the longest ones first. */
function otherFiles() {
  const files = readdirSync(PROCESS_TESTS).map((name) => {
    const text = readFileSync(`${PROCESS_TESTS}/${name}`, 'utf8');
    const isForUser = !text.includes(`@module-tag ${otherUser}`);
    const projects = ['@module-tag light', '@module-tag every-kind'].filter((tag) => isForUser && text.includes(tag)).length;
    return { file: `${PROCESS_TESTS}/${name}`, lines: text.split('\n').length * projects };
  });
  return files.filter(({ lines }) => lines > 0).sort((a, b) => b.lines - a.lines);
}

const queue = otherFiles();
const linesLeft = () => queue.reduce((sum, { lines }) => sum + lines, 0);
const passed = [];
let runs = 0;

/** A quarter of what is left: the last runs are short, so that both lanes end at about the same time. */
function take() {
  const taken = [];
  for (let lines = Math.max(LEAST_LINES, linesLeft() / 4); lines > 0 && queue.length > 0; lines -= taken.at(-1).lines) taken.push(queue.shift());
  return taken.map(({ file }) => file);
}

async function lane(first, run, projects) {
  passed.push(await vitest(run, projects, { first }));
  while (queue.length > 0) passed.push(await vitest(`other-${++runs}`, ['process-light', 'process-plain'], { files: take() }));
}

await Promise.all([lane(true, 'process', ['process']), lane(false, 'unit', ['unit', 'unit-alone'])]);
process.exitCode = passed.every(Boolean) ? 0 : 1;
