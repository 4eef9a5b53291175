import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSelfReport } from '../../src/protocol/self-report.ts';

describe('parseSelfReport', () => {
  it.each([
    [{ lb: 'ready', more: 1 }, { lb: 'ready' }],
    [
      { lb: 'drain', reason: 'deploying' },
      { lb: 'drain', reason: 'deploying' },
    ],
    [{ lb: 'down' }, { lb: 'down', reason: 'no reason given' }],
    [
      { lb: 'down', reason: 7 },
      { lb: 'down', reason: 'no reason given' },
    ],
    [
      { lb: 'down', reason: 'x'.repeat(300) },
      { lb: 'down', reason: 'x'.repeat(200) },
    ],
    [
      { lb: 'weight', value: 0 },
      { lb: 'weight', value: 0 },
    ],
    [
      { lb: 'weight', value: 256 },
      { lb: 'weight', value: 256 },
    ],
    [
      { lb: 'weight', value: null },
      { lb: 'weight', value: null },
    ],
  ])('reads %j', (message, report) => expect(parseSelfReport(message)).toEqual(report));

  it.each([
    'ready',
    null,
    undefined,
    7,
    [],
    {},
    { lb: 'up' },
    { lb: 'weight' },
    { lb: 'weight', value: '2' },
    { lb: 'weight', value: -1 },
    { lb: 'weight', value: 257 },
    { lb: 'weight', value: Number.NaN },
  ])('ignores %j', (message) => expect(parseSelfReport(message)).toBeNull());

  it('makes of any message nothing, or a report of bounded size', () => {
    const message = fc.record(
      { lb: fc.constantFrom('ready', 'drain', 'down', 'weight', 'other'), reason: fc.option(fc.anything()), value: fc.option(fc.anything()) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(message, fc.anything()), (said) => {
        const report = parseSelfReport(said);
        if (report === null) return;
        if ('reason' in report) expect(report.reason.length).toBeLessThanOrEqual(200);
        if (report.lb === 'weight' && report.value !== null) expect(report.value).toSatisfy((value: number) => value >= 0 && value <= 256);
      }),
    );
  });
});
