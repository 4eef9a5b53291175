import { expect, it } from 'vitest';
import { DAEMON_ROLES, daemonRole, handsOver, takesOver } from '../../src/lifecycle/daemon-role.ts';

it('a daemon leaves its home to a successor, one that lb started by itself also to one that somebody runs, and lb run to none', () => {
  const pairs = DAEMON_ROLES.flatMap((own) => DAEMON_ROLES.filter((other) => handsOver(own, other)).map((other) => `${own} to ${other}`));
  expect(pairs.sort()).toEqual([
    'background to foreground',
    'background to successor',
    'foreground to successor',
    'successor to foreground',
    'successor to successor',
  ]);
  expect(DAEMON_ROLES.filter(takesOver)).toEqual(['foreground', 'successor']);
});

it('who says nothing, or something unknown, was run by somebody', () => {
  expect([undefined, 'x', 'background'].map(daemonRole)).toEqual(['foreground', 'foreground', 'background']);
});
