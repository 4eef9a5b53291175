import { describe, expect, it } from 'vitest';
import { moment } from '../../src/cli/logs/time-option.ts';

const NOW = new Date(2026, 10, 29, 15, 0, 0).getTime();

describe('moment', () => {
  it.each<[string, number]>([
    ['10m', NOW - 600_000],
    ['10m ago', NOW - 600_000],
    ['1.5h', NOW - 5_400_000],
    ['250ms', NOW - 250],
    ['2d', NOW - 2 * 86_400_000],
    ['1w', NOW - 7 * 86_400_000],
    ['14:30', new Date(2026, 10, 29, 14, 30).getTime()],
    ['9:05:07', new Date(2026, 10, 29, 9, 5, 7).getTime()],
    ['2026-11-28', new Date(2026, 10, 28).getTime()],
    ['2026-11-28 14:30', new Date(2026, 10, 28, 14, 30).getTime()],
    [' 2026-11-28T14:30:05.25Z ', Date.UTC(2026, 10, 28, 14, 30, 5, 250)],
    ['2026-11-28T14:30:05+01:00', Date.UTC(2026, 10, 28, 13, 30, 5)],
  ])('reads %j', (text, time) => expect(moment(text, NOW)).toBe(time));

  it.each(['', 'soon', 'ago', '10', '10x', '25:00', '14:60', '2026-02-30', '2026-13-01', '2026-11-28 24:00', '28.11.2026'])('refuses %j', (text) => {
    expect(() => moment(text, NOW)).toThrow('expected a duration such as 10m');
  });
});
