import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import type { Command } from '../../src/cli/command.ts';
import type { ExitName } from '../../src/errors/error-entry.ts';
import { EXIT } from '../../src/errors/registry.ts';

/**
 * docs/commands.md is written by hand but for the parts between `<!-- lb <command> -->` and `<!-- end -->`, which come
 * from the command table. `UPDATE_DOCS=1 npx vitest run test/cli/docs.test.ts` writes them anew.
 */
const FILE = new URL('../../docs/commands.md', import.meta.url);

function reference(name: string, aliases: readonly string[], command: Command): string {
  const words = ['lb', name, '[options]', command.operands, command.takesAppArgs === true ? '[-- args...]' : ''].filter(Boolean);
  const options = command.options
    .filter(({ hidden }) => hidden !== true)
    .map(({ flags, description, choices }) => {
      const text = choices === undefined ? description : `${description}; one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`;
      return `| \`${flags}\` | ${text.replaceAll('|', '\\|')} |`;
    });
  const exits = (['ok', 'usage', ...command.exits] as ExitName[]).sort((a, b) => EXIT[a] - EXIT[b]).map((exit) => `${EXIT[exit]} ${exit}`);
  return [
    '```sh',
    words.join(' '),
    '```',
    '',
    ...(aliases.length === 0 ? [] : [`Also: ${aliases.map((alias) => `\`lb ${alias}\``).join(', ')}.`, '']),
    ...(options.length === 0 ? [] : ['| option | |', '|---|---|', ...options, '']),
    `Exit codes: ${exits.join(', ')}.`,
  ].join('\n');
}

it('describes every command, and no other', () => {
  const headings = [...readFileSync(FILE, 'utf8').matchAll(/^(##+) lb (\w+)/gm)].map(([, level, name]) => `${level} ${name}`);
  expect(headings).toEqual(COMMANDS.map(({ name, hidden = false }) => `${hidden ? '###' : '##'} ${name}`));
});

it('has the options, aliases and exit codes of the command table', async () => {
  const text = readFileSync(FILE, 'utf8');
  let updated = text;
  for (const { name, aliases, load } of COMMANDS) {
    const generated = `<!-- lb ${name} -->\n${reference(name, aliases, await load())}\n<!-- end -->`;
    updated = updated.replace(new RegExp(`<!-- lb ${name} -->[^]*?<!-- end -->`), () => generated);
    expect(updated, `the part of "lb ${name}" is missing`).toContain(generated);
  }
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, updated);
  else expect(text, 'run UPDATE_DOCS=1 npx vitest run test/cli/docs.test.ts').toBe(updated);
});

it('lists every exit code', () => {
  const rows = [...readFileSync(FILE, 'utf8').matchAll(/^\| (\d+) \| (\w+) \|/gm)].map((row) => [row[2], Number(row[1])]);
  expect(Object.fromEntries(rows)).toEqual(EXIT);
});
