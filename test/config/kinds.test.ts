import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kind } from '../../src/config/kind.ts';
import * as kinds from '../../src/config/kinds.ts';

const CASES: readonly [string, Kind<unknown>, readonly [unknown, unknown][], readonly unknown[]][] = [
  [
    'orOff',
    kinds.orOff(kinds.integer(1, 9)),
    [
      [0, null],
      ['0', null],
      [false, null],
      ['false', null],
      [9, 9],
      ['3', 3],
    ],
    [10, true, null, '', -1],
  ],
  [
    'numberSequence',
    kinds.numberSequence(0, 256),
    [
      [
        [2, '1', 1],
        [2, 1, 1],
      ],
      ['2, 0.5,1', [2, 0.5, 1]],
      [[], []],
      ['3', [3]],
    ],
    [3, '2,,1', [257], [-1], ['x'], null, [null], [true]],
  ],
  [
    'share',
    kinds.share(0, 1),
    [
      [0, 0],
      [1, 1],
      ['0.34', 0.34],
    ],
    [1.1, -0.1, '', 'half', '50%', Number.NaN, null, true],
  ],
  [
    'switchOrPorts',
    kinds.switchOrPorts,
    [
      [true, 'all'],
      ['true', 'all'],
      [false, null],
      ['false', null],
      [80, [80]],
      ['80,443', [80, 443]],
      [[80, 80], [80]],
    ],
    [0, 65_536, [], '', null, 'yes', [80, 'x']],
  ],
  [
    'statusRanges',
    kinds.statusRanges,
    [
      [200, [[200, 200]]],
      ['2xx', [[200, 299]]],
      [
        '2XX, 301',
        [
          [200, 299],
          [301, 301],
        ],
      ],
      ['200-399', [[200, 399]]],
      [
        [204, '3xx'],
        [
          [204, 204],
          [300, 399],
        ],
      ],
    ],
    [99, 600, '6xx', '20x', '399-200', '', [], null, '200-', true, '2'],
  ],
  [
    'hostPort',
    kinds.hostPort,
    [
      [9000, { host: null, port: 9000 }],
      ['9000', { host: null, port: 9000 }],
      [0, null],
      ['127.0.0.1:9000', { host: '127.0.0.1', port: 9000 }],
      ['[::1]:9000', { host: '::1', port: 9000 }],
      ['localhost:1', { host: 'localhost', port: 1 }],
    ],
    [65_536, -1, 1.5, '::1:9000', ':9000', 'localhost', '', null, true, '[::1]', '127.0.0.1:99999', 'a b:1'],
  ],
];

describe.each(CASES)('%s', (_, kind, good, bad) => {
  it.each(good)('reads %j', (raw, value) => expect(kind.parse(raw)).toEqual({ value }));
  it.each(bad.map((raw) => [raw]))('refuses %j', (raw) => expect(kind.parse(raw)).toMatchObject({ mismatch: { expected: expect.any(String) as string } }));
  it('answers to anything', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        const parsed = kind.parse(raw);
        expect('value' in parsed || 'mismatch' in parsed).toBe(true);
      }),
    );
  });
});

describe('statusRanges', () => {
  it('reads every class, code and range', () => {
    const code = fc.integer({ min: 100, max: 599 });
    fc.assert(
      fc.property(code, code, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        expect(kinds.statusRanges.parse([a, `${from}-${to}`, `${String(a)[0]}xx`])).toEqual({
          value: [
            [a, a],
            [from, to],
            [Math.floor(a / 100) * 100, Math.floor(a / 100) * 100 + 99],
          ],
        });
      }),
    );
  });
});
