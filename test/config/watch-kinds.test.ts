import { describe, expect, it } from 'vitest';
import { ignorePatterns, watchPaths, watchTuning } from '../../src/config/watch-kinds.ts';

describe('watch', () => {
  it.each([
    [true, []],
    ['true', []],
    [false, null],
    ['src', ['src']],
    ['src, lib', ['src', 'lib']],
    [
      ['src', 'a,b'],
      ['src', 'a,b'],
    ],
  ])('%j', (raw, value) => {
    expect(watchPaths.parse(raw)).toEqual({ value });
  });

  it('is nothing else', () => {
    expect(watchPaths.parse([3])).toMatchObject({ mismatch: { at: '[0]' } });
    expect(watchPaths.parse({})).toHaveProperty('mismatch');
  });
});

describe('ignore_watch', () => {
  it('takes names, globs and regular expressions, in the form that the definition has', () => {
    expect(ignorePatterns.parse('node_modules')).toEqual({ value: ['node_modules'] });
    expect(ignorePatterns.parse(['logs/', '*.log', /x.y/i, '[\\/\\\\]\\./', '\\.log$'])).toEqual({
      value: ['logs', '*.log', 'regexp:/x.y/i', 'regexp:/[\\/\\\\]\\.\\//', 'regexp:/\\.log$/'],
    });
    expect(ignorePatterns.parse(false)).toEqual({ value: [] });
  });

  it('refuses what is none', () => {
    expect(ignorePatterns.parse(['a', 3])).toMatchObject({ mismatch: { at: '[1]' } });
    expect(ignorePatterns.parse('(\\')).toHaveProperty('mismatch');
  });
});

describe('watch_options', () => {
  it('are those of chokidar; what it or lb decides has no effect', () => {
    expect(
      watchTuning.parse({ usePolling: true, interval: 500, followSymlinks: false, persistent: true, ignored: 'x', awaitWriteFinish: { pollInterval: 50 } }),
    ).toEqual({
      value: { usePolling: true, interval: 500, followSymlinks: false, awaitWriteFinish: { pollInterval: 50 } },
    });
  });

  it('names one that does not exist', () => {
    expect(watchTuning.parse({ usepolling: true })).toMatchObject({ mismatch: { at: '.usepolling', got: 'usepolling, did you mean "usePolling"?' } });
    expect(watchTuning.parse({ awaitWriteFinish: { pollInterval: 'x' } })).toMatchObject({ mismatch: { at: '.awaitWriteFinish.pollInterval' } });
  });
});
