import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAnswer, Interpreters } from '../../src/config/interpreter.ts';
import { tempDir } from './temp-dir.ts';

const answering = (version: string): string => `#!/bin/sh\necho "${version}"\n`;
const FILES = {
  'bin/node22': answering('v22.4.0'),
  'bin/node18': answering('v18.20.0'),
  'bin/python9': answering('Python 3.11.2'),
  'bin/broken': '#!/bin/sh\nexit 3\n',
  'bin/node-broken': '#!/bin/sh\nexit 3\n',
  'bin/plain': 'not executable',
  counting: '#!/bin/sh\necho x >> "$0.calls"\necho v24.0.0\n',
};

function setUp(): { directory: string; interpreters: Interpreters } {
  const directory = tempDir(FILES);
  return { directory, interpreters: new Interpreters('/current/node', `/nowhere:${join(directory, 'bin')}`) };
}

describe('which binary', () => {
  it('"node" is the one that runs lb, unchecked', async () => {
    expect(await setUp().interpreters.find('node', '/')).toEqual({ path: '/current/node', version: process.version });
  });

  it('a name is looked up on PATH, a path is relative to the base', async () => {
    const { directory, interpreters } = setUp();
    const path = join(directory, 'bin/node22');
    expect(await interpreters.find('node22', '/')).toEqual({ path, version: 'v22.4.0' });
    expect(await interpreters.find('./bin/node22', directory)).toEqual({ path, version: 'v22.4.0' });
  });

  it('a binary is asked once', async () => {
    const { directory, interpreters } = setUp();
    await Promise.all([interpreters.find('./counting', directory), interpreters.find('./counting', directory)]);
    expect(await readFile(join(directory, 'counting.calls'), 'utf8')).toBe('x\n');
  });

  it.each([
    ['node18', 'it is Node.js v18.20.0, and lb needs 20.19 or newer'],
    ['node-broken', expect.stringMatching(/bin\/node-broken --version" failed/)],
    ['node-that-is-not-there', 'it is not in PATH'],
    ['plain', 'it is not in PATH'],
    ['/', '/ is not an executable file'],
    ['/nowhere/node', '/nowhere/node is not an executable file'],
  ])('%s is refused', async (wanted, reason) => expect(await setUp().interpreters.find(wanted, '/')).toEqual({ reason }));

  it('a file that is not executable is refused', async () => {
    const { directory, interpreters } = setUp();
    expect(await interpreters.find('bin/plain', directory)).toEqual({ reason: `${join(directory, 'bin/plain')} is not an executable file` });
  });

  it.each(['python9', 'broken'])('%s is another language', async (name) => {
    const { directory, interpreters } = setUp();
    expect(await interpreters.find(name, '/')).toEqual({ path: join(directory, 'bin', name), foreign: true });
  });
});

it.each([
  ['v20.19.0', true],
  ['v20.18.3', false],
  ['v26.1.0-nightly', true],
  ['v8.0.0', false],
  ['20.19.0', false],
  ['', false],
])('%j of a program called node can be used: %s', (version, usable) => expect('version' in checkAnswer(version, true)).toBe(usable));
