import { readFileSync, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { ProfileKind } from '../../src/protocol/profile.ts';
import { takeProfile } from '../../src/worker/profile.ts';
import { tempHome } from '../daemon/temp-home.ts';

/** Allocates and computes in a named function for as long as the profile runs. */
async function taken(what: ProfileKind): Promise<{ path: string; bytes: number; text: string }> {
  const path = join(tempHome(), 'profiles', `it.${what}`);
  const kept: object[] = [];
  const busyInTheTest = (): void => {
    const until = performance.now() + 10;
    while (performance.now() < until) kept.push({ some: new Array(100).fill(kept.length) });
  };
  const timer = setInterval(busyInTheTest, 12);
  const bytes = await takeProfile({ what, durationMs: 300, path, partial: `${path}.partial` });
  clearInterval(timer);
  return { path, bytes, text: readFileSync(path, 'utf8') };
}

it.each<[ProfileKind, string]>([
  ['cpu', 'busyInTheTest'],
  ['heap-sampling', 'busyInTheTest'],
  ['heap', 'snapshot'],
  ['report', 'javascriptHeap'],
])('%s is a complete JSON file that only the owner can read', async (what, word) => {
  const { path, bytes, text } = await taken(what);
  expect(JSON.parse(text)).toBeTypeOf('object');
  expect(text).toContain(word);
  expect(bytes).toBe(Buffer.byteLength(text));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

it('gets its name when it is whole', async () => {
  const directory = tempHome();
  const seen: (string | null)[] = [];
  const watcher = watch(directory, (event, name) => void (event === 'rename' && seen.push(name)));
  const path = join(directory, 'it.cpu');
  await takeProfile({ what: 'cpu', durationMs: 10, path, partial: `${path}.partial` });
  await vi.waitFor(() => expect(seen).toContain('it.cpu'));
  watcher.close();
  expect(seen).toEqual(['it.cpu.partial', 'it.cpu.partial', 'it.cpu']);
  expect(readdirSync(directory)).toEqual(['it.cpu']);
});

it('overwrites no file', async () => {
  const { path, text } = await taken('report');
  for (const what of ['cpu', 'heap', 'heap-sampling', 'report'] as const)
    await expect(takeProfile({ what, durationMs: 10, path, partial: `${path}.partial` })).rejects.toThrow('EEXIST');
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(readdirSync(dirname(path))).toHaveLength(1);
});

it("leaves the report's settings as they were", async () => {
  const settings = process.report as { excludeNetwork?: boolean };
  const before = settings.excludeNetwork;
  await taken('report');
  expect(settings.excludeNetwork).toBe(before);
});
