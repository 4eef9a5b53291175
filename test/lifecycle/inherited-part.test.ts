import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { keepInherited } from '../../src/lifecycle/inherited-part.ts';

type Inheriting = Pick<AppSpec, 'env' | 'umask' | 'declared' | 'filterEnv'>;

const declared = (...env: string[]): NonNullable<AppSpec['declared']> => ({ digest: 'a', instances: null, env, umask: false });
const keptEnv = (running: Omit<Inheriting, 'umask'>, wanted: Omit<Inheriting, 'umask'>): AppSpec['env'] =>
  keepInherited({ umask: 0, ...running }, { umask: 0, ...wanted }).env;

it('takes what is declared now, and keeps what was inherited', () => {
  const running = { env: { PATH: '/old', TOKEN: 'secret', MODE: 'a', GONE: '1', PWD: '/a' }, declared: declared('MODE', 'GONE'), filterEnv: [] };
  const wanted = { env: { PATH: '/new', MODE: 'b', SHELL_ONLY: 'x', PWD: '/b' }, declared: declared('MODE'), filterEnv: [] };
  expect(keptEnv(running, wanted)).toEqual({ PATH: '/old', TOKEN: 'secret', MODE: 'b', PWD: '/b' });
});

it('what is no longer declared comes from this shell', () => {
  const running = { env: { PORT: '80' }, declared: declared('PORT'), filterEnv: [] };
  expect(keptEnv(running, { env: { PORT: '3000' }, declared: declared(), filterEnv: [] })).toEqual({ PORT: '3000' });
});

it('what is removed or filtered now is not kept', () => {
  const running = { env: { TOKEN: 'secret', API_KEY: 'k' }, declared: declared(), filterEnv: [] };
  expect(keptEnv(running, { env: {}, declared: declared('TOKEN'), filterEnv: ['API'] })).toEqual({});
});

it('takes all of this shell where it is not known what was declared', () => {
  const running = { env: { A: '1' }, declared: null, filterEnv: [] };
  expect(keptEnv(running, { env: { B: '2' }, declared: declared(), filterEnv: [] })).toEqual({ B: '2' });
});

it('is the same again, whatever the shell has', () => {
  const env = fc.dictionary(fc.constantFrom('A', 'B', 'C', 'PWD'), fc.constantFrom('1', '2'));
  const names = fc.uniqueArray(fc.constantFrom('A', 'B', 'C'));
  fc.assert(
    fc.property(env, env, names, (before, shell, own) => {
      const of = { declared: declared(...own), filterEnv: [] };
      const once = keptEnv({ env: before, ...of }, { env: shell, ...of });
      expect(keptEnv({ env: once, ...of }, { env: shell, ...of })).toEqual(once);
    }),
  );
});

it('keeps the umask that was inherited, unless one of the definitions sets it', () => {
  const of = (umask: number, isDeclared = false): Inheriting => ({ env: {}, filterEnv: [], umask, declared: { ...declared(), umask: isDeclared } });
  expect(keepInherited(of(0o077), of(0o022)).umask).toBe(0o077);
  expect(keepInherited(of(0o077), of(0o022, true)).umask).toBe(0o022);
  expect(keepInherited(of(0o077, true), of(0o022)).umask).toBe(0o022);
});
