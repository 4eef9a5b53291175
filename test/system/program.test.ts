import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KeptProgram } from '../../src/system/kept-program.ts';
import { programsOf } from '../../src/system/program-places.ts';
import { copyProgram, copyProgramTo, findProgram, readProgram, type Program } from '../../src/system/program.ts';

const FILES = ['daemon/program.cjs', 'worker/preload.cjs'];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lb-program-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function install(changes: object = {}): Program {
  const directory = join(root, 'installed');
  for (const file of FILES) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), `the ${file}`);
  }
  writeFileSync(join(directory, 'program.json'), JSON.stringify({ id: '1.0.0-abc', version: '1.0.0', saved: 1, files: FILES, ...changes }));
  return readProgram(directory);
}

it('is copied by its manifest, and a copy that lacks something is completed', () => {
  const program = install();
  const copy = copyProgram(program, join(root, 'home'));
  expect(copy).toEqual({ ...program, directory: join(root, 'home/1.0.0-abc'), installation: program.directory });
  writeFileSync(join(copy.directory, 'worker/preload.cjs'), 'cut sho');
  rmSync(join(copy.directory, 'program.json'));
  copyProgram(program, join(root, 'home'));
  expect(readFileSync(join(copy.directory, 'worker/preload.cjs'), 'utf8')).toBe('the worker/preload.cjs');
  expect(readProgram(copy.directory)).toEqual(copy);
});

it.each([{ id: '../elsewhere' }, { id: '.' }, { files: ['../../etc/passwd'] }, { files: ['/etc/passwd'] }, { version: 1 }])(
  'is not believed with %o',
  (wrong) => {
    expect(() => install(wrong)).toThrow(/malformed/);
    expect(findProgram(join(root, 'installed'))).toBeNull();
  },
);

it('goes to the first place that takes it, and says why none does', () => {
  const program = install();
  const full = (): string => {
    throw new Error('the disk is full');
  };
  expect(copyProgramTo([full, () => join(root, 'second')], (below) => copyProgram(program, below)).directory).toBe(join(root, 'second/1.0.0-abc'));
  expect(() => copyProgramTo([full], (below) => copyProgram(program, below))).toThrow('the disk is full');
});

it('outlives its files, in the same place or in another one, and says so', () => {
  const home = join(root, 'home');
  mkdirSync(home, { mode: 0o700 });
  const copy = copyProgram(install(), programsOf(home));
  const told: string[] = [];
  const kept = new KeptProgram({ program: copy, home, missing: (message) => told.push(message) }, copy.directory);
  expect([kept.path('preload'), told]).toEqual([join(copy.directory, 'worker/preload.cjs'), []]);
  rmSync(home, { recursive: true });
  expect(readFileSync(kept.path('preload'), 'utf8')).toBe('the worker/preload.cjs');
  expect(existsSync(join(copy.directory, 'daemon/program.cjs'))).toBe(true);
  expect(told).toEqual([expect.stringContaining(`are written again to ${copy.directory}`)]);
  // A folder that others may write to is no place for code.
  rmSync(programsOf(home), { recursive: true });
  mkdirSync(programsOf(home));
  chmodSync(programsOf(home), 0o777);
  const elsewhere = kept.path('preload');
  expect(elsewhere.startsWith(home)).toBe(false);
  expect(readFileSync(elsewhere, 'utf8')).toBe('the worker/preload.cjs');
  rmSync(dirname(dirname(dirname(elsewhere))), { recursive: true });
});

it('is the installed one where no copy can be made, and says so once', () => {
  const program = install();
  const home = join(root, 'home');
  mkdirSync(home, { mode: 0o700 });
  const copy = copyProgram(program, programsOf(home));
  rmSync(join(copy.directory, 'daemon/program.cjs'));
  const told: string[] = [];
  // Not all of it was there when it was opened, so it cannot be written again.
  const kept = new KeptProgram({ program: copy, home, missing: (message) => told.push(message) }, copy.directory);
  expect([kept.path('daemon'), kept.path('preload')]).toEqual(['daemon/program.cjs', 'worker/preload.cjs'].map((file) => join(program.directory, file)));
  expect(told).toEqual([expect.stringMatching(/cannot be written anywhere \(.*was not kept.*\); what starts next runs .*installed \(lb 1\.0\.0\)$/)]);
  rmSync(program.directory, { recursive: true });
  expect(kept.path('daemon')).toBe(join(program.directory, 'daemon/program.cjs'));
  expect(told).toHaveLength(1);
});
