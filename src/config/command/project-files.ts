import { open, readFile, readlink } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isExecutable, statOf } from '../paths.ts';

/** Enough for a shim of pnpm. */
const HEAD_BYTES = 4_096;

/** What of a package.json matters here. */
export interface Package {
  readonly directory: string;
  readonly name: string | null;
  readonly version: string | null;
  readonly isModule: boolean;
  readonly scripts: ReadonlyMap<string, string>;
}

export const isFile = async (path: string): Promise<boolean> => (await statOf(path))?.isFile() === true;

/** The first bytes of a file, one character each; empty if it can't be read. */
export async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}

/** The package that a directory belongs to, as npm finds it. */
export async function packageOf(directory: string): Promise<Package | undefined> {
  for (const parent of upwards(directory)) {
    const file = join(parent, 'package.json');
    if (await isFile(file)) return parsePackage(parent, await readFile(file, 'utf8'));
  }
  return undefined;
}

function parsePackage(directory: string, text: string): Package {
  const { name, version, type, scripts } = tableOf(parsed(text));
  const texts = Object.entries(tableOf(scripts)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { directory, name: stringOf(name), version: stringOf(version), isModule: type === 'module', scripts: new Map(texts) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const tableOf = (value: unknown): Readonly<Record<string, unknown>> => (isTable(value) ? value : {});
const stringOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A program of the project's dependencies, else in PATH. */
export async function findTool(name: string, directory: string, path: string): Promise<string | undefined> {
  const bins = [...upwards(directory)].map((parent) => join(parent, 'node_modules', '.bin'));
  for (const bin of [...bins, ...path.split(delimiter).filter(Boolean)]) {
    const file = join(bin, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** What a link names, one step, so that links further up in its path (`current`) stay; any other file itself. */
export async function linkTarget(path: string): Promise<string> {
  try {
    return resolve(dirname(path), await readlink(path));
  } catch {
    return path;
  }
}

/** The directory of an installed package, as Node.js looks for it from here. */
export async function findPackage(name: string, directory: string): Promise<string | undefined> {
  for (const parent of upwards(directory)) {
    const found = join(parent, 'node_modules', name);
    if (await isFile(join(found, 'package.json'))) return found;
  }
  return undefined;
}

function* upwards(directory: string): Generator<string> {
  for (let current = resolve(directory); ; current = dirname(current)) {
    yield current;
    if (dirname(current) === current) return;
  }
}
