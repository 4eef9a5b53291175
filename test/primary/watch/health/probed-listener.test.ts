import { expect, it } from 'vitest';
import { probedListener } from '../../../../src/primary/watch/health/probed-listener.ts';

const listener = (key: string, port: number | null, kind: 'http' | 'tcp', bound = port): Parameters<typeof probedListener>[2][number] => ({
  key,
  query: { port, kind },
  name: bound === null ? null : { address: '::', port: bound, family: 'IPv6' },
});
const listeners = [listener('admin', 9000, 'tcp'), listener('web', 3000, 'http'), listener('any', 0, 'http', 41234), listener('socket', null, 'http')];

it.each([
  { keys: ['web', 'admin'], port: null, found: { key: 'web', kind: 'http' } },
  { keys: ['web', 'admin'], port: 9000, found: { key: 'admin', kind: 'tcp' } },
  { keys: ['any'], port: 41234, found: { key: 'any', kind: 'http' } },
  { keys: ['socket'], port: null, found: { key: 'socket', kind: 'http' } },
  { keys: ['web'], port: 9000, found: null },
  { keys: ['closed', 'admin'], port: null, found: { key: 'admin', kind: 'tcp' } },
  { keys: [], port: null, found: null },
])('of $keys on port $port: $found', ({ keys, port, found }) => {
  expect(probedListener(keys, port, listeners)).toEqual(found);
});
