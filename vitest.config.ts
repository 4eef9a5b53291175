import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
