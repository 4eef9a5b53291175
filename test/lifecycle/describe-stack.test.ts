import { describe, expect, it } from 'vitest';
import { describeStack, type StackFrame } from '../../src/lifecycle/describe-stack.ts';

const frame = (functionName: string, url: string, line = 41, column = 18): StackFrame => ({ functionName, url, line, column });
const where = (...frames: StackFrame[]): string | null => describeStack(frames, '/srv/app').where;

describe('describeStack', () => {
  it('names the innermost call that is not Node’s own, and lists all of them', () => {
    const stack = [
      frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2', 68, 15),
      frame('hash', 'file:///srv/app/lib/report.js'),
      frame('', 'file:///srv/app/main.js', 3, 1),
    ];
    expect(describeStack(stack, '/srv/app')).toEqual({
      where: 'in `hash` (lib/report.js:41)',
      lines: ['pbkdf2Sync (node:internal/crypto/pbkdf2:68:15)', 'hash (lib/report.js:41:18)', '(anonymous) (main.js:3:1)'],
    });
  });

  it('falls back on Node’s own call, and on nothing', () => {
    expect(where(frame('processTimers', 'node:internal/timers', 512))).toBe('in `processTimers` (node:internal/timers:512)');
    expect(describeStack([], '/srv/app')).toEqual({ where: null, lines: [] });
  });

  it.each([
    ['file:///srv/app/a%20b/%C3%A9.mjs', 'a b/é.mjs:41'],
    ['file:///srv/app/x.mjs?reload=1#a', 'x.mjs:41'],
    ['file:///srv/app/100%.js', '100%.js:41'],
    ['file:///srv/application/x.js', '/srv/application/x.js:41'],
    ['/srv/app/old.js', 'old.js:41'],
    ['webpack://app/src/x.ts', 'webpack://app/src/x.ts:41'],
  ])('shows %s as %s', (url, shown) => {
    expect(where(frame('f', url))).toBe(`in \`f\` (${shown})`);
  });

  it('words what has no name and what has no file', () => {
    expect(where(frame('', 'file:///srv/app/x.js'))).toBe('in (anonymous) (x.js:41)');
    expect(where(frame('f', ''))).toBe('in `f`');
  });

  it('takes a working directory as it comes', () => {
    expect(describeStack([frame('f', 'file:///x.js')], '/').where).toBe('in `f` (x.js:41)');
  });
});
