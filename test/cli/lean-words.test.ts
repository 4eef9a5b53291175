import { expect, it } from 'vitest';
import type { Command, OptionDef } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { logs } from '../../src/cli/commands/logs.ts';
import { run } from '../../src/cli/commands/run.ts';
import type { Words } from '../../src/cli/context.ts';
import type { Io } from '../../src/cli/io.ts';
import { leanWords } from '../../src/cli/lean-words.ts';
import { parseCommandLine } from '../../src/cli/program.ts';

/** A date first: a time that is given as an age depends on when it is read. */
const VALUES = ['2026-01-01', '2', '10s', '50M', 'text', '127.0.0.1:9000', '0=1', '*/5 * * * *', '{"a":1}'];

/** The words that give an option, by each of its names, with a value that it accepts. */
function givenAs({ flags, parse = (text: string): unknown => text, choices }: OptionDef): string[][] {
  const accepts = (text: string): boolean => {
    try {
      return parse(text) !== undefined;
    } catch {
      return false;
    }
  };
  const value = choices?.[0] ?? VALUES.find(accepts);
  return (flags.match(/(?<![\w-])--?[\w-]+/g) ?? []).map((name) => (flags.includes('<') || flags.includes('[') ? [name, value ?? fail(flags)] : [name]));
}

function fail(flags: string): never {
  throw new Error(`no value for ${flags}`);
}

function parsed(name: string, command: Command, argv: readonly string[]): Words | null {
  const entry = COMMANDS.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`no command ${name}`);
  return parseCommandLine([name, ...argv], { stdout: {}, stderr: {} } as Io, { entry, command });
}

it.each([
  ['logs', logs],
  ['run', run],
] as const)('reads the flags of "lb %s" as the parser does, or leaves them to it', (name, command) => {
  const lines = command.options.flatMap(givenAs).map((words) => ['target', ...words]);
  const read = lines.filter((argv) => {
    const words = leanWords(argv, command);
    if (words !== null) expect(words, argv.join(' ')).toEqual(parsed(name, command, argv));
    return words !== null;
  });
  expect(read.length).toBeGreaterThan(lines.length / 2);
});

it.each([
  ['run', '--help'],
  ['run', 'app.js', '--', '--flag'],
  ['run', '-i', '-1', 'app.js'],
  ['run', '--instances=2'],
  ['run', '--no-such-flag'],
  ['run', '-i'],
])('leaves "lb %s %s …" to the parser', (_, ...argv) => {
  expect(leanWords(argv, run)).toBeNull();
});
