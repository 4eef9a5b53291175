import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig, type TestTagDefinition } from 'vitest/config';

// In CI the counts of every run are summed up from files.
const results = process.env['LB_TEST_RESULTS'];
const run = process.env['LB_TEST_RUN'] ?? 'all';

const here = (path: string): URL => new URL(path, import.meta.url);
const { tags }: { readonly tags: TestTagDefinition[] } = JSON.parse(readFileSync(here('test/combinations.json'), 'utf8'));

const processTests = readdirSync(here('test/process')).map((name) => `test/process/${name}`);
/** Tests of this tag are not for the user who runs them. */
const otherUser = process.getuid?.() === 0 ? 'ordinary' : 'root';
/** All tests of such a file are for another user. */
const ofAnother = processTests.filter((file) => readFileSync(here(file), 'utf8').includes(`@module-tag ${otherUser}`));
const light = processTests.filter((file) => readFileSync(here(file), 'utf8').includes('@module-tag light'));
/** What they test exists with cluster workers alone: choosing a worker for each connection, and who accepts; messages to their primary. */
const OF_CLUSTER_WORKERS = ['auto', 'balance', 'ipc', 'plain', 'queue', 'self-report', 'weights'].map((name) => `test/process/${name}.test.ts`);
const leftOut = process.env['LB_TEST_KIND'] === 'plain' ? OF_CLUSTER_WORKERS : [];
const everyKind = processTests.filter((file) => readFileSync(here(file), 'utf8').includes('@module-tag every-kind'));
const tagsFilter = [`!${otherUser}`];

const ofUnitTests = readdirSync(here('test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name}`)
  .filter((file) => file.endsWith('.ts') && !/^test\/(?:process|fixtures|bench)\//.test(file));
const unitTests = ofUnitTests.filter((file) => file.endsWith('.test.ts'));
/** What replaces a module replaces it for the whole process: `vi.mock(` itself, and the name of a harness that contains it. */
const mocks = ['vi.mock('];
for (const file of ofUnitTests) if (!file.endsWith('.test.ts') && readFileSync(here(file), 'utf8').includes('vi.mock(')) mocks.push(`/${basename(file)}'`);
/** They replace modules, or change or measure what Node.js or the process has, so each of these files runs in a process of its own. */
const alone = unitTests.filter((file) => {
  const text = readFileSync(here(file), 'utf8');
  return /^test\/(?:worker|faults|cli\/commands)\//.test(file) || [...mocks, 'setFlagsFromString'].some((word) => text.includes(word));
});
/** A limit for what hangs, not for a busy machine. */
const ofUnits = { tagsFilter, testTimeout: 30_000 };
const ofProcesses = { tagsFilter, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    tags,
    // A snapshot that is not there fails like one that differs; `-u` writes both.
    update: 'none',
    ...(results === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: `${results}/${run}.json` } }),
    // By default vitest leaves one core unused, which on two is half of the machine.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: unitTests, exclude: alone, ...ofUnits, isolate: false } },
      { test: { name: 'unit-alone', include: alone, ...ofUnits } },
      { test: { name: 'process-light', include: light, exclude: [...leftOut, ...ofAnother], ...ofProcesses, sequence: { groupOrder: 1 } } },
      // Real processes under real load: one file at a time on a small machine.
      { test: { name: 'process', include: processTests, exclude: [...light, ...leftOut, ...ofAnother], ...ofProcesses, fileParallelism: false } },
      // The sandbox reads the variable.
      { test: { name: 'process-plain', include: everyKind, env: { LB_TEST_KIND: 'plain' }, ...ofProcesses, sequence: { groupOrder: 2 } } },
    ],
  },
});
