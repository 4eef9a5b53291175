import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/command-table.ts';
import { BALANCE_STRATEGIES, HAND_OFF_STRATEGIES } from '../src/lifecycle/balance-strategy.ts';
import { EVENT_KIND_NAMES } from '../src/lifecycle/event-kind.ts';
import { ROOT } from './helpers/paths.ts';
import { sampleSpec } from './lifecycle/sample-spec.ts';

/** The places named by the recipes of CONTRIBUTING.md that neither the compiler nor the test of a table misses. */

const textBelow = (folder: string, matching = /\.tsx?$/): string =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && matching.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');

const mentions = (text: string, word: string): boolean => new RegExp(`\\b${word}\\b`).test(text);

describe('the recipe for', () => {
  it('a balancing strategy: it has a test and its row in docs/balancing.md', () => {
    const section = readFileSync(join(ROOT, 'docs/balancing.md'), 'utf8').split('\n## ')[1] ?? '';
    expect([...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name)).toEqual(BALANCE_STRATEGIES);
    const tests = HAND_OFF_STRATEGIES.map((name) => `test/balancing/strategies/${name}.test.ts`);
    expect(tests.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('a command: a test runs it', () => {
    const tests = textBelow('test', /\.test\.ts$/);
    const isRun = (name: string): boolean => new RegExp(`\\b(lb\\w*|show|sandbox\\.\\w+)\\((\\[|\\{.*\\}, )?'${name}'`).test(tests);
    expect(COMMANDS.map(({ name }) => name).filter((name) => !isRun(name))).toEqual([]);
  });

  it('an option: something acts on its part of the definition', () => {
    // Commands choose apps by their namespaces.
    const acting =
      ['primary', 'daemon', 'lifecycle', 'balancing', 'logs'].map((folder) => textBelow(`src/${folder}`, /^(?!app-spec).*\.ts$/)).join('\n') +
      textBelow('src/cli', /choose\.ts$/);
    expect(Object.keys(sampleSpec()).filter((field) => !mentions(acting, field))).toEqual([]);
  });

  it('an event kind: something emits it', () => {
    const emitting = ['primary', 'daemon', 'protocol'].map((folder) => textBelow(`src/${folder}`)).join('\n');
    expect(EVENT_KIND_NAMES.filter((kind) => !emitting.includes(`'${kind}'`))).toEqual([]);
  });
});
