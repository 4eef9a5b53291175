import { expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { OPTION_LIST, namesOf } from '../../src/config/options.ts';

interface AppSchema {
  readonly properties: Readonly<Record<string, { readonly description: string }>>;
  readonly patternProperties: Readonly<Record<string, unknown>>;
}

const app = (configJsonSchema()['$defs'] as { readonly options: AppSchema }).options;

it('describes every name of every option, and the keys of PM2', () => {
  for (const name of [...OPTION_LIST.flatMap(namesOf), 'watch', 'cronRestart', 'vizion']) {
    expect(app.properties[name]?.description, name).toMatch(/\.$/);
  }
});

it('takes env_<name> for variables, but not env_file', () => {
  const [pattern = ''] = Object.keys(app.patternProperties);
  expect(['env_production', 'env_files', 'env_file', 'env'].filter((name) => new RegExp(pattern).test(name))).toEqual(['env_production', 'env_files']);
});

it('is plain JSON', () => {
  const schema = configJsonSchema();
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
});
