import { readFileSync } from 'node:fs';
import { defineConfig, type TestTagDefinition } from 'vitest/config';

// In CI the counts of every run are summed up from files.
const results = process.env['LB_TEST_RESULTS'];
const run = process.env['LB_TEST_RUN'] ?? 'all';
const { tags } = JSON.parse(readFileSync(new URL('test/combinations.json', import.meta.url), 'utf8')) as { readonly tags: TestTagDefinition[] };

export default defineConfig({
  test: {
    tags,
    ...(results === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: `${results}/${run}.json` } }),
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/process/**', 'test/fixtures/**', 'test/bench/**'] } },
      {
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Real processes under real load: one file at a time on a small machine.
          fileParallelism: false,
        },
      },
    ],
  },
});
