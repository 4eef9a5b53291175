import type { ReadyWhen } from '../lifecycle/ready-when.ts';
import { describe } from './describe.ts';
import { isCleanText, isObject, type Kind, type Parsed } from './kind.ts';
import * as kinds from './kinds.ts';
import { suggestion } from './nearest.ts';

/** As it is written: the port of a path may come from elsewhere. */
export type WantedReadyWhen = Exclude<ReadyWhen, { readonly by: 'path' }> | { readonly by: 'path'; readonly path: string; readonly port: number | null };

const FORMS = ['port', 'path', 'command', 'file'] as const;
const EXPECTED = 'a port, a path such as "/health", or an object with port, path (and port), command or file';
const port = kinds.integer(1, 65_535);

const no = (got: string, at = ''): Parsed<never> => ({ mismatch: { expected: EXPECTED, got, at } });

/** What shows that a command is ready. */
export const readyWhen: Kind<WantedReadyWhen> = {
  label: 'port, path such as `"/health"`, or object with `port`, `path` (with or without `port`), `command` or `file`',
  tsType:
    'number | string | { readonly port: number } | { readonly path: string; readonly port?: number | undefined } | { readonly command: string } | { readonly file: string }',
  schema: {
    anyOf: [
      port.schema,
      { type: 'string', pattern: '^/' },
      {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        properties: Object.fromEntries(FORMS.map((form) => [form, form === 'port' ? port.schema : { type: 'string', minLength: 1 }])),
      },
    ],
  },
  parse(raw) {
    if (typeof raw === 'number' || (typeof raw === 'string' && /^\d+$/.test(raw))) return ofPort(raw);
    if (isCleanText(raw)) return raw.startsWith('/') ? { value: { by: 'path', path: raw, port: null } } : no(describe(raw));
    return isObject(raw) ? ofObject(raw) : no(describe(raw));
  },
};

function ofPort(raw: unknown): Parsed<WantedReadyWhen> {
  const parsed = port.parse(raw);
  return 'value' in parsed ? { value: { by: 'port', port: parsed.value } } : parsed;
}

function ofObject(raw: Readonly<Record<string, unknown>>): Parsed<WantedReadyWhen> {
  const unknown = Object.keys(raw).find((name) => !FORMS.some((form) => form === name));
  if (unknown !== undefined) return no(`${unknown}${suggestion(unknown, FORMS)}`, `.${unknown}`);
  const [form, ...more] = FORMS.filter((name) => raw[name] !== undefined && !(name === 'port' && raw['path'] !== undefined));
  if (form === undefined || more.length > 0) return no(form === undefined ? 'an empty object' : [form, ...more].join(' and '));
  if (form === 'port') return ofPort(raw['port']);
  const text = raw[form];
  if (!isCleanText(text) || text.trim() === '') return no(describe(text), `.${form}`);
  if (form === 'command') return { value: { by: 'command', command: text } };
  if (form === 'file') return { value: { by: 'file', file: text } };
  if (!text.startsWith('/')) return no(describe(text), '.path');
  if (raw['port'] === undefined) return { value: { by: 'path', path: text, port: null } };
  const parsed = port.parse(raw['port']);
  return 'value' in parsed ? { value: { by: 'path', path: text, port: parsed.value } } : { mismatch: { ...parsed.mismatch, at: '.port' } };
}
