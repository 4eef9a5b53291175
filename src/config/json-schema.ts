import { env } from './env-kind.ts';
import { hostPort } from './kinds.ts';
import type { Schema } from './kind.ts';
import { OPTION_LIST, camelCase, namesOf, type OptionEntry } from './options.ts';
import { ignoredPm2Keys } from './pm2-keys.ts';

/** JSON Schema (2020-12) of a config file, for completion and validation in editors; generated from the option table. */
export function configJsonSchema(): Schema {
  const apps: Schema = { type: 'array', minItems: 1, items: { $ref: '#/$defs/app' } };
  const listen: Schema = { ...hostPort.schema, type: ['integer', 'string', 'null'], description: 'A port of 127.0.0.1, or host:port; null is nowhere.' };
  const hosts: Schema = {
    type: 'array',
    items: { type: 'string' },
    description: 'Names of this machine that scrapers may use, besides its addresses, localhost and its own name.',
  };
  const metrics: Schema = {
    type: 'object',
    properties: { listen, hosts },
    required: ['listen'],
    additionalProperties: false,
    description: 'Where the daemon serves the metrics of all its apps.',
  };
  const defaults: Schema = { $ref: '#/$defs/options', description: 'What all apps have that do not say otherwise.' };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'lb configuration',
    description: 'Apps for lb, the cluster-mode process supervisor for Node.js',
    anyOf: [{ type: 'object', properties: { apps, defaults, metrics }, required: ['apps'] }, apps, { $ref: '#/$defs/app' }],
    $defs: { options: appSchema(), app: { $ref: '#/$defs/options', anyOf: SCRIPT_NAMES.map((name) => ({ required: [name] })) } },
  };
}

const SCRIPT_NAMES = OPTION_LIST.filter((entry) => entry.key === 'script').flatMap(namesOf);

function appSchema(): Schema {
  const properties: [string, Schema][] = OPTION_LIST.flatMap((entry) => namesOf(entry).map((name): [string, Schema] => [name, optionSchema(entry, name)]));
  properties.push(...foreign(ignoredPm2Keys(), 'PM2 option without a meaning in lb: it is ignored.'));
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    patternProperties: { '^env_(?!file$).+$': { ...env.schema, description: 'Variables added to `env` when chosen with `--env <name>`.' } },
    additionalProperties: false,
  };
}

function optionSchema(entry: OptionEntry, name: string): Schema {
  if (name !== entry.key) return { ...entry.kind.schema, description: `Same as ${entry.key}.` };
  const description = `${entry.doc[0]?.toUpperCase() ?? ''}${entry.doc.slice(1)}.${entry.notes === undefined ? '' : ` ${entry.notes}`}`;
  return { ...entry.kind.schema, description, ...(entry.default === undefined ? {} : { default: entry.default }) };
}

const foreign = (keys: readonly string[], description: string): [string, Schema][] =>
  [...new Set([...keys, ...keys.map(camelCase)])].map((key) => [key, { description }]);
