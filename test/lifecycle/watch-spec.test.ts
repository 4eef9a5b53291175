import { describe, expect, it } from 'vitest';
import { ignores, settledAt } from '../../src/lifecycle/watch-spec.ts';

const ignoring = (ignore: readonly string[], changes: object = {}): ((path: string) => boolean) =>
  ignores({ home: '/srv/.deploy/app/lb-home', own: [], cwd: '/srv/.deploy/app', paths: ['/srv/.deploy/app'], ignore, ...changes });

describe('what is not watched', () => {
  it('are dot files and node_modules below a watched folder, wherever that is', () => {
    const ignored = ignoring([]);
    for (const path of ['.git', '.git/HEAD', 'src/.cache/x', 'node_modules', 'node_modules/a/index.js', 'lib/node_modules/a.js'])
      expect([path, ignored(`/srv/.deploy/app/${path}`)]).toEqual([path, true]);
    for (const path of ['', '/src', '/src/app.js', '/my_node_modules/a.js', '/a.b/c'])
      expect([path, ignored(`/srv/.deploy/app${path}`)]).toEqual([path, false]);
  });

  it('is the folder of lb, wherever that is', () => {
    expect(ignoring([])('/srv/.deploy/app/lb-home/daemon.log')).toBe(true);
    expect(ignoring([])('/srv/.deploy/app/lb-home.js')).toBe(false);
  });

  it('is not a dot file that was named', () => {
    const ignored = ignoring([], { paths: ['/srv/.deploy/app/.env'] });
    expect(ignored('/srv/.deploy/app/.env')).toBe(false);
  });

  it.each([
    ['logs', ['logs', 'logs/a.log', 'src/logs/x'], ['src/logs.js', 'catalogs/x']],
    ['*.tmp', ['a.tmp', 'x/y.tmp'], ['a.tmp.js', 'tmp']],
    ['public/uploads', ['public/uploads', 'public/uploads/1.png'], ['public/upload', 'x/public/uploads/1.png']],
    ['./public/uploads/', ['public/uploads/1.png'], ['uploads/1.png']],
    ['src/**/*.{test,spec}.js', ['src/a.test.js', 'src/x/y/a.spec.js'], ['src/a.js', 'a.test.js']],
    ['/srv/.deploy/app/data', ['data/x'], ['src/data/x']],
    ['regexp:/\\.log$/', ['a.log', 'x/b.log'], ['a.log.js']],
    ['regexp:/[\\/\\\\]\\.|node_modules|tmp/i', ['TMP/x'], ['src/app.js']],
    ['a+b(1)', ['a+b(1)', 'x/a+b(1)/y'], ['aab1']],
  ])('is %s', (pattern, yes, no) => {
    const ignored = ignoring([pattern]);
    for (const path of yes) expect([path, ignored(`/srv/.deploy/app/${path}`)]).toEqual([path, true]);
    for (const path of no) expect([path, ignored(`/srv/.deploy/app/${path}`)]).toEqual([path, false]);
  });

  it('are the files that the app changes by running', () => {
    const ignored = ignoring([], { own: ['/srv/.deploy/app/out.log'] });
    for (const path of ['out.log', 'out.log.1', 'out.log.2.gz', 'out-0.log', 'out-3.log.1'])
      expect([path, ignored(`/srv/.deploy/app/${path}`)]).toEqual([path, true]);
    for (const path of ['out.js', 'outer.log', 'out-x.log']) expect([path, ignored(`/srv/.deploy/app/${path}`)]).toEqual([path, false]);
  });
});

it('changes are acted upon when they have stopped, or after 10 s', () => {
  expect(settledAt(1_000, 1_000, 300)).toBe(1_300);
  expect(settledAt(1_000, 1_200, 300)).toBe(1_500);
  expect(settledAt(1_000, 10_900, 300)).toBe(11_000);
  expect(settledAt(1_000, 1_000, 60_000)).toBe(61_000);
});
