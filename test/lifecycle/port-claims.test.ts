import fc from 'fast-check';
import { expect, it } from 'vitest';
import { portClaims, portConflicts, type PortClaim } from '../../src/lifecycle/port-claims.ts';
import { sampleSpec } from './sample-spec.ts';

const declared = (...env: string[]): ReturnType<typeof sampleSpec>['declared'] => ({ digest: 'a', instances: null, env, umask: false });
const spec = (changes: Parameters<typeof sampleSpec>[0]): ReturnType<typeof sampleSpec> => sampleSpec({ declared: declared(), ...changes });

it('a definition claims its port, the one of its environment, its socket and its health port', () => {
  expect(portClaims(spec({ port: 80, env: { PORT: '80' } }))).toEqual([{ port: 80, host: null, app: 'api', by: 'port', isCertain: true }]);
  expect(portClaims(spec({ env: { PORT: '81' }, declared: declared('PORT') }))).toMatchObject([{ port: 81, by: 'PORT', isCertain: false }]);
  const listening = spec({ socket: { host: '127.0.0.1', port: 82 }, healthPort: { host: null, port: 83 }, autostart: false });
  expect(portClaims(listening)).toMatchObject([
    { port: 82, host: '127.0.0.1', by: 'socket', isCertain: false },
    { port: 83, by: 'health_port' },
  ]);
});

it('each worker claims a port of its own with increment_var', () => {
  const claims = portClaims(spec({ port: 3000, env: { PORT: '3000' }, incrementVar: 'PORT', instances: 3 }));
  expect(claims.map(({ port }) => port)).toEqual([3000, 3001, 3002]);
  expect(portClaims(spec({ port: 3000, incrementVar: 'OTHER', instances: 3 }))).toHaveLength(1);
});

it('what comes from the shell, is free to choose or no number claims nothing', () => {
  expect(portClaims(spec({ env: { PORT: '80' } }))).toEqual([]);
  expect(portClaims(spec({ env: { PORT: '/run/app.sock' }, declared: declared('PORT') }))).toEqual([]);
  expect(portClaims(spec({ env: { PORT: '0' }, declared: declared('PORT'), healthPort: { host: null, port: 0 } }))).toEqual([]);
});

it('conflicts are the ports that two cannot have at the same time', () => {
  const claim = fc.record({
    port: fc.integer({ min: 1, max: 3 }),
    host: fc.constantFrom(null, '127.0.0.1', '10.0.0.1'),
    app: fc.constantFrom('a', 'b'),
    by: fc.constantFrom('port', 'socket'),
    isCertain: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 6 }), (claims: PortClaim[]) => {
      const conflicts = portConflicts(claims);
      expect(conflicts.map(({ port }) => port)).toEqual([...new Set(conflicts.map(({ port }) => port))].sort((a, b) => a - b));
      for (const [index, one] of claims.entries())
        for (const other of claims.slice(index + 1)) {
          const collide = one.port === other.port && (one.host === other.host || one.host === null || other.host === null);
          const found = conflicts.find(({ port }) => port === one.port)?.claims ?? [];
          if (collide) expect(found.includes(one) && found.includes(other)).toBe(true);
        }
      for (const { claims: found } of conflicts) expect(found.length).toBeGreaterThan(1);
    }),
  );
});
