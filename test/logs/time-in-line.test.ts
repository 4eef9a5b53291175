import { describe, expect, it } from 'vitest';
import { timeInLine } from '../../src/logs/time-in-line.ts';

const UTC = Date.UTC(2026, 10, 29, 20, 31, 5);
const LOCAL = new Date(2026, 10, 29, 20, 31, 5).getTime();

describe('timeInLine', () => {
  it.each<[string, number | null]>([
    ['2026-11-29T20:31:05.123Z listening', UTC + 123],
    ['2026-11-29T20:31:05.123456789Z x', UTC + 123],
    ['2026-11-29T20:31:05: time: true writes this', LOCAL],
    ['[2026-11-29 20:31:05,042] INFO x', LOCAL + 42],
    ['\u001b[32m[2026-11-29T20:31:05+01:00]\u001b[0m x', UTC - 3_600_000],
    ['2026-11-29 20:31 -02:30: x', UTC - 5_000 + 9_000_000],
    ['2026/11/29 20:31:05 [error] 7#7: x', LOCAL],
    ['GET /orders 2026-11-29T20:31:05Z', null],
    ['    at Server.<anonymous> (app.js:1:2)', null],
    ['', null],
  ])('reads %j', (text, time) => expect(timeInLine(text)).toBe(time));

  it.each<[unknown, number | null]>([
    [{ level: 30, time: UTC, msg: 'pino' }, UTC],
    [{ name: 'bunyan', time: '2026-11-29T20:31:05.000Z' }, UTC],
    [{ level: 'info', message: 'winston', timestamp: '2026-11-29T20:31:05.000Z' }, UTC],
    [{ '@timestamp': '2026-11-29T20:31:05Z' }, UTC],
    [{ ts: UTC / 1000 + 0.25, msg: 'in seconds' }, UTC + 250],
    [{ time: UTC * 1e6, msg: 'in nanoseconds' }, UTC],
    [{ time: 'noon', timestamp: String(UTC) }, UTC],
    [{ nested: { time: UTC } }, null],
  ])('reads %j', (fields, time) => expect(timeInLine(JSON.stringify(fields))).toBe(time));

  it('takes what is no JSON for a line without a time', () => {
    expect(timeInLine('{ "time": ')).toBeNull();
    expect(timeInLine('{}')).toBeNull();
  });
});
