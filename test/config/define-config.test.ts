import { expect, it } from 'vitest';
import { defineConfig } from '../../src/config/define-config.ts';
import { readApp } from '../../src/config/read-values.ts';

it('returns what it is given, and its types fit what is accepted', () => {
  const config = defineConfig({
    apps: [
      { name: 'api', script: 'a.js', instances: 'max', args: ['--x', 1], env: { PORT: 1, O: {}, GONE: null, NOT: undefined }, out_file: null },
      { script: 'b.js', instances: '-1', killTimeout: '5s', maxMemoryRestart: '300M', env_production: { A: 1 }, env_file: '.env', port: undefined },
    ],
  });
  for (const app of config.apps) expect(readApp({ ...app }, 'file', '')).toMatchObject({ problems: [], warnings: [] });
  const computed = async (): Promise<typeof config> => Promise.resolve(config);
  expect(defineConfig(computed)).toBe(computed);
});

it('refuses at compile time what the file reader refuses', () => {
  // @ts-expect-error a typing error in a key
  defineConfig({ apps: [{ script: 'a.js', instnaces: 2 }] });
  // @ts-expect-error not a boolean
  defineConfig({ apps: [{ script: 'a.js', wait_ready: 'yes' }] });
  // @ts-expect-error no script
  defineConfig({ apps: [{ name: 'api' }] });
});
