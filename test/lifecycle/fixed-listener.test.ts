import { expect, it } from 'vitest';
import { expectedPort, movedPort } from '../../src/lifecycle/expected-port.ts';
import { isFixedListener, namesListener } from '../../src/lifecycle/fixed-listener.ts';

it.each<[string, number | null, 4 | -1, boolean]>([
  ['0.0.0.0', 3000, 4, true],
  ['0.0.0.0', 0, 4, false],
  ['/run/api.sock', null, -1, true],
  ['/tmp/runner-0/4711.pipe', null, -1, false],
  ['/tmp/47110.pipe', null, -1, true],
])('%s, port %s, type %i: fixed is %s', (address, port, addressType, fixed) => {
  expect(isFixedListener({ address, port, addressType }, 4711)).toBe(fixed);
});

it.each([
  [':9100', true],
  ['9100', true],
  ['*:9100', true],
  ['127.0.0.1:9100', false],
  [':910', false],
])('%s names *:9100: %s', (given, named) => {
  expect(namesListener(given, { label: '*:9100', port: 9100 })).toBe(named);
});

it('a Unix socket is named by its path', () => {
  expect(namesListener('/run/a.sock', { label: '/run/a.sock', port: null })).toBe(true);
});

it.each([
  [null, {}, null],
  [3000, { PORT: '4000' }, 'port 3000'],
  [null, { PORT: '4000' }, 'PORT=4000'],
  [null, { PORT: '0' }, null],
  [null, { PORT: '/run/a.sock' }, null],
  [null, { PORT: '70000' }, null],
])('port %s and %o: it should listen on %s', (port, env, expected) => {
  expect(expectedPort({ port, env })).toBe(expected);
});

it('a port moves when both definitions name one, and it is not the same', () => {
  const named = (port: number | null, PORT?: string): { port: number | null; env: Record<string, string> } => ({
    port,
    env: PORT === undefined ? {} : { PORT },
  });
  expect(movedPort(named(3000), named(4000))).toBe(':3000');
  expect(movedPort(named(null, '3000'), named(4000))).toBe(':3000');
  expect(movedPort(named(3000), named(null, '3000'))).toBeNull();
  expect(movedPort(named(3000), named(null))).toBeNull();
  expect(movedPort(named(null), named(3000))).toBeNull();
});
