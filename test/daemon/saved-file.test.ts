import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSaved, savedText } from '../../src/daemon/saved-file.ts';
import { SAVED_VERSION } from '../../src/daemon/saved-version.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { integer, object } from '../../src/protocol/parser.ts';
import { tempHome } from './temp-home.ts';

const parser = object<{ readonly pid: number }>({ pid: integer(1) });

function read(text: string | null): { saved: { readonly pid: number } | null; path: string; logged: string[] } {
  const path = join(tempHome(), 'api.json');
  const logged: string[] = [];
  if (text !== null) writeFileSync(path, text);
  return { saved: readSaved({ path, parser, reports: new Unwritten((message) => logged.push(message)), without: 'starting another' }), path, logged };
}

it.each([
  ['of this version', savedText({ pid: 7 })],
  ['of the first version', '{"version":1,"pid":7}'],
  ['of the first version, which did not say so', '{"pid":7}'],
  ['with more than this version knows', savedText({ pid: 7, later: true })],
])('reads a file %s', (_, text) => {
  const { saved, path, logged } = read(text);
  expect([saved?.pid, existsSync(path), logged]).toEqual([7, true, []]);
});

it('has nothing to say of a file that is not there', () => {
  expect(read(null)).toMatchObject({ saved: null, logged: [] });
});

it.each([
  [
    'of a newer version',
    JSON.stringify({ version: SAVED_VERSION + 1, pid: 7 }),
    `it has version ${SAVED_VERSION + 1}, and this lb reads none after ${SAVED_VERSION}`,
  ],
  ['with a version that is none', '{"version":"1","pid":7}', 'expected a whole number'],
  ['without a field', '{"version":1}', 'pid: expected a whole number of at least 1, got no value'],
  ['that is cut off', '{"version":1,', 'JSON'],
])('sets a file %s aside, unchanged', (_, text, why) => {
  const { saved, path, logged } = read(text);
  expect([saved, existsSync(path), logged.length]).toEqual([null, false, 1]);
  expect(logged[0]).toContain(why);
  expect(logged[0]).toMatch(/, starting another$/);
  expect(readFileSync(/ kept as (\S+),/.exec(logged[0] ?? '')?.[1] ?? '', 'utf8')).toBe(text);
});

it('goes on without a file that can be neither read nor renamed', () => {
  const logged: string[] = [];
  const saved = readSaved({ path: '/proc/version', parser, reports: new Unwritten((message) => logged.push(message)), without: 'starting another' });
  expect([saved, logged]).toEqual([null, [expect.stringMatching(/^\/proc\/version cannot be read \(.*\); not renamed \(.*\), starting another$/)]]);
});

it('leaves a file of a newer version alone if that is wanted, and refuses to go on', () => {
  const path = join(tempHome(), 'state.json');
  const text = JSON.stringify({ version: SAVED_VERSION + 1, pid: 7 });
  writeFileSync(path, text);
  const reading = (): unknown => readSaved({ path, parser, reports: { unusable: () => expect.unreachable() }, without: '', refuseNewer: true });
  expect(reading).toThrow(expect.objectContaining({ code: 'LB_ERR_NEWER_STATE' }) as Error);
  expect(readFileSync(path, 'utf8')).toBe(text);
});
