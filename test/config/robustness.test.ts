import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LbError } from '../../src/errors/lb-error.ts';
import { OPTION_LIST, namesOf } from '../../src/config/options.ts';
import { ignoredPm2Keys } from '../../src/config/pm2-keys.ts';
import { readApp, readFlags } from '../../src/config/read-values.ts';
import { resolveApps } from '../../src/config/resolve.ts';
import { tempDir } from './temp-dir.ts';

const names = [...OPTION_LIST.flatMap(namesOf), ...ignoredPm2Keys(), 'env_production'];
const anyKey = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() });
const likelyValue = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double(), fc.array(fc.string()), fc.dictionary(fc.string(), fc.string()));
const anyValue = fc.oneof(likelyValue, fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }));
const anyApp = fc.dictionary(anyKey, anyValue, { maxKeys: 12 });

it('reading any app throws nothing and says something sensible about every problem', () => {
  fc.assert(
    fc.property(anyApp, (raw) => {
      for (const problem of readApp(raw, 'file', 'apps[0]').problems) {
        expect(problem).toBeInstanceOf(LbError);
        expect(problem.message).toMatch(/^file: apps\[0\]\.[\s\S]*(expected|unknown option)/);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('reading any flags throws nothing', () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), anyValue), (raw) => void readFlags(raw)));
});

it('resolving any file gives complete definitions or an LbError', async () => {
  const cwd = tempDir({ 'app.js': '' });
  const request = {
    target: 'lb.config.json',
    flags: {},
    appArgs: [],
    env: { PATH: '' },
    cwd,
    home: '/home/lb',
    cpuBudget: 2,
    umask: 0o022,
    node: process.execPath,
  };
  const content = fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(anyKey, fc.oneof(fc.constant('app.js'), fc.jsonValue())), { maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(content, async (value) => {
      writeFileSync(join(cwd, 'lb.config.json'), JSON.stringify(value));
      const result: unknown = await resolveApps(request).catch((error: unknown) => error);
      if (result instanceof LbError) {
        expect(result.code).toMatch(/^LB_ERR_(CONFIG|SCRIPT|INTERPRETER)/);
        return;
      }
      if (result instanceof Error) throw result;
      for (const app of (result as { apps: object[] }).apps) expect(Object.values(app)).not.toContain(undefined);
    }),
    { numRuns: 300 },
  );
});
