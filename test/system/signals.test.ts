import { describe, expect, it } from 'vitest';
import { parseSignal } from '../../src/system/signals.ts';

describe('parseSignal', () => {
  it.each(['HUP', 'SIGHUP', 'sighup', 'hup', '1', ' HUP '])('takes %j', (text) => {
    expect(parseSignal(text)).toBe('SIGHUP');
  });

  it('takes the first of several names for a number', () => {
    expect(parseSignal('6')).toBe('SIGABRT');
    expect(parseSignal('15')).toBe('SIGTERM');
  });

  it.each([
    ['HUPP', 'unknown signal "HUPP"; did you mean SIGHUP?'],
    ['SIGTREM', 'unknown signal "SIGTREM"; did you mean SIGTRAP or SIGTERM?'],
    ['', 'unknown signal ""; known signals: SIGHUP, SIGINT'],
    ['0', 'unknown signal "0"; known signals: SIGHUP'],
    ['-9', 'unknown signal "-9"'],
    ['99', 'unknown signal "99"; known signals: '],
    ['banana', 'unknown signal "banana"; known signals: '],
  ])('refuses %j', (text, message) => {
    expect(() => parseSignal(text)).toThrow(expect.objectContaining({ code: 'LB_ERR_USAGE', message: expect.stringContaining(message) }));
  });
});
