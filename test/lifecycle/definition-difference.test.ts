import { expect, it } from 'vitest';
import { isRedefined } from '../../src/lifecycle/definition-difference.ts';
import { sampleSpec } from './sample-spec.ts';

const declared = (digest: string, instances: number | null): ReturnType<typeof sampleSpec> =>
  sampleSpec({ instances: instances ?? 1, declared: { digest, instances, env: [], umask: false } });

it('a definition is another one by what it declares, not by what was changed by hand', () => {
  const running = declared('a', 2);
  expect(isRedefined(running, declared('a', 2))).toBe(false);
  expect(isRedefined(running, declared('b', 2))).toBe(true);
  expect(isRedefined(running, declared('a', 3)), 'another number').toBe(true);
  expect(isRedefined(running, declared('a', null)), 'no number').toBe(false);
  expect(isRedefined({ ...running, instances: 5 }, declared('a', 2)), 'scaled by hand').toBe(false);
  expect(isRedefined({ ...running, instances: 3 }, declared('a', 3)), 'scaled to what is declared now').toBe(false);
  expect(isRedefined({ ...running, declared: null }, declared('b', 3)), 'saved by an older version').toBe(false);
});
