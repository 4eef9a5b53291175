import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BALANCE_STRATEGIES } from '../src/lifecycle/balance-strategy.ts';
import { ROOT } from './helpers/paths.ts';

/** test/combinations.json, and what stands elsewhere of it. */

interface Combinations {
  readonly tags: readonly { readonly name: string }[];
  readonly commands: readonly string[];
  readonly combinations: readonly { readonly dimension: string; readonly value: string; readonly tests: readonly string[] }[];
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { tags, commands, combinations } = JSON.parse(read('test/combinations.json')) as Combinations;
const { scripts, engines } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; engines: { node: string } };
const tagNames = tags.map(({ name }) => name);
const processTests = readdirSync(join(ROOT, 'test/process')).map((file) => ({ file, text: read(`test/process/${file}`) }));
const valuesOf = (dimension: string): string[] => combinations.filter((one) => one.dimension === dimension).map(({ value }) => value);

function cell(tests: string): string {
  if (tagNames.includes(tests)) return `tag \`${tests}\``;
  return { none: '–', process: 'all process tests' }[tests] ?? tests;
}

it('the table of test/README.md', () => {
  const table = read('test/README.md').split('<!-- combinations -->')[1]?.split('<!-- end -->')[0] ?? '';
  const rows = table.trim().split('\n');
  const cells = rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((text) => text.trim()),
  );
  expect(cells[0]).toEqual(['', '', ...commands.map((command) => `\`${command}\``)]);
  expect(cells.slice(2)).toEqual(combinations.map(({ dimension, value, tests }) => [dimension, value, ...tests.map(cell)]));
});

it('each command is a script, with its number of reloads', () => {
  const numbers = combinations.find(({ dimension }) => dimension === 'soak')?.tests ?? [];
  commands.forEach((command, index) => {
    const script = scripts[command.replace(/^npm (run )?/, '')] ?? `no script for ${command}`;
    const byDefault = /LB_SOAK'\] \?\? (\d+)/.exec(read('test/process/soak.test.ts'))?.[1];
    const reloads = /LB_SOAK=(\d+)/.exec(script)?.[1] ?? (script.includes('nodes.mjs') ? 'none' : byDefault);
    expect(reloads, command).toBe(numbers[index]);
  });
});

it('each balance mode has a combination and a process test', () => {
  expect(valuesOf('balance mode').sort()).toEqual([...BALANCE_STRATEGIES].sort());
  for (const mode of BALANCE_STRATEGIES)
    expect(
      processTests.some(({ text }) => text.includes(`'${mode}'`)),
      mode,
    ).toBe(true);
});

it('each version of Node.js is supported and newer than the oldest one', () => {
  const oldest = Number(/\d+/.exec(engines.node)?.[0]);
  expect(valuesOf('Node.js')[0]).toBe('installed');
  for (const version of valuesOf('Node.js').slice(1)) expect(Number(version)).toBeGreaterThan(oldest);
});

it.each(['every-node', 'every-kind', 'light'])('process tests have the tag %s', (tag) => {
  expect(processTests.filter(({ text }) => text.includes(tag)).length).toBeGreaterThan(5);
});

it('each tag of a file stands on a line of its own: vitest would not see a second one', () => {
  expect(processTests.filter(({ text }) => /@module-tag.*@module-tag/.test(text)).map(({ file }) => file)).toEqual([]);
});

it.each(['root', 'ordinary'])('tests have the tag %s', (tag) => {
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.test.ts') && !file.startsWith('combinations'),
  );
  const isTagged = (text: string): boolean => text.includes(`@module-tag ${tag}\n`) || text.includes(`tags: ['${tag}']`);
  expect(tests.filter((file) => isTagged(read(`test/${file}`))).length).toBeGreaterThan(1);
  expect(tagNames).toContain(tag);
});
