import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';

/** Every module that is loaded with a file: its static imports that are not types alone, and theirs. */
function loadedWith(file: URL, seen = new Set<string>()): Set<string> {
  seen.add(fileURLToPath(file));
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*? from '([^']+)';/gm);
  for (const [statement, target = ''] of imports) {
    if (
      /\{([^}]*)\}/
        .exec(statement)?.[1]
        ?.split(',')
        .every((name) => /^\s*(type |$)/.test(name)) === true
    )
      continue;
    const url = target.startsWith('.') ? new URL(target, file) : null;
    if (url === null) seen.add(target);
    else if (!seen.has(fileURLToPath(url))) loadedWith(url, seen);
  }
  return seen;
}

it('"lb list" loads little: every module and library costs it start-up time', () => {
  const seen = loadedWith(new URL('../../src/cli/main.ts', import.meta.url));
  const libraries = [...seen].filter((name) => !name.startsWith('/'));
  expect([...seen].map((name) => name.split('/').pop())).toContain('list-view.ts');
  expect(libraries.filter((name) => !name.startsWith('node:'))).toEqual([]);
  expect(libraries).not.toContain('node:http');
  expect(libraries).not.toContain('node:child_process');
  expect(seen.size - libraries.length).toBeLessThanOrEqual(34);
});

it('"lb logs" loads little, and no client of the daemon, which it needs for lines without a file alone', () => {
  const seen = loadedWith(new URL('../../src/cli/main-logs.ts', import.meta.url));
  const libraries = [...seen].filter((name) => !name.startsWith('/'));
  expect([...seen].map((name) => name.split('/').pop())).toContain('stored-log.ts');
  expect(libraries.sort()).toEqual(['node:fs', 'node:fs/promises', 'node:os', 'node:path', 'node:util']);
  expect(seen.size - libraries.length).toBeLessThanOrEqual(55);
});

it('"lb run" loads neither the other commands nor the parser of the command line', () => {
  const seen = loadedWith(new URL('../../src/cli/main-run.ts', import.meta.url));
  const commands = [...seen].filter((name) => name.includes('/cli/commands/')).map((name) => name.split('/').pop());
  expect(commands).toEqual(['run.ts']);
  expect([...seen]).not.toContain('commander');
});

it('every name of a command with a bundle of its own leads to it', () => {
  const program = readFileSync(new URL('../../bin/lb.js', import.meta.url), 'utf8');
  const bundles = [...program.matchAll(/\['([\w-]+)', 'main-(\w+)'\]/g)].map(([, name = '', bundle = '']): [string, string] => [name, bundle]);
  const expected = COMMANDS.filter(({ name }) => bundles.some(([, bundle]) => bundle === name)).flatMap(({ name, aliases }) =>
    [name, ...aliases].map((each) => [each, name]),
  );
  expect(bundles.length).toBeGreaterThan(0);
  expect(bundles).toEqual(expected);
});

it('what "lb list" and "lb daemon" do not need is in other bundles: the whole command line, and the daemon', () => {
  const lean = [...loadedWith(new URL('../../src/cli/main.ts', import.meta.url)), fileURLToPath(new URL('../../src/cli/commands/daemon.ts', import.meta.url))];
  const lazy = lean
    .filter((name) => name.startsWith('/'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/(?:await|=>) import\('([^']+)'\)/g)].map(([, target]) => target));
  expect(lazy.sort()).toEqual(['./program-notes.ts', './run-cli.ts', './run-daemon.ts', 'chalk', 'node:readline/promises']);
});
