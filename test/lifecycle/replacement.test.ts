import { describe, expect, it } from 'vitest';
import { announceReplacement, ownSockets, replacementOf, type UnfedSocket } from '../../src/lifecycle/replacement.ts';

const NOTHING = { listened: false, ownSockets: [] };

describe('replacementOf', () => {
  it.each([
    ['a plain app that never listened', { overlap: null, kind: 'plain' }, NOTHING, 'stop-first, because it never listened'],
    ['a plain app that listened', { overlap: null, kind: 'plain' }, { ...NOTHING, listened: true }, 'start-first, because lb holds its listening sockets'],
    ['a cluster app', { overlap: null, kind: 'cluster' }, NOTHING, 'start-first, because it is a cluster app'],
    [
      'an app with a socket of its own',
      { overlap: null, kind: 'cluster' },
      { listened: true, ownSockets: ['udp *:53'] },
      'stop-first, because it opened udp *:53 by itself',
    ],
    [
      'an app with several',
      { overlap: null, kind: 'plain' },
      { listened: true, ownSockets: ['tcp *:80', 'udp *:53', 'unix /s'] },
      'stop-first, because it opened tcp *:80 and 2 more by itself',
    ],
    ['overlap: true', { overlap: true, kind: 'plain' }, { listened: false, ownSockets: ['udp *:53'] }, 'start-first, because overlap is true'],
    ['overlap: false', { overlap: false, kind: 'cluster' }, { ...NOTHING, listened: true }, 'stop-first, because overlap is false'],
  ] as const)('%s', (_, spec, footprint, expected) => {
    const { way, reason } = replacementOf(spec, footprint);
    expect(`${way}, because ${reason}`).toBe(expected);
  });

  it('a start tells only what is not the rule, and the option that changes it', () => {
    const told = (overlap: boolean | null, listened: boolean): string =>
      announceReplacement(replacementOf({ overlap, kind: 'plain' }, { ...NOTHING, listened }), { overlap });
    expect(told(null, true)).toBe('');
    expect(told(null, false)).toBe('; it is replaced stop-first, because it never listened (overlap: true runs old and new side by side)');
    expect(told(false, true)).toBe('; it is replaced stop-first, because overlap is false');
  });
});

describe('ownSockets', () => {
  const socket = (changes: Partial<UnfedSocket>): UnfedSocket => ({ protocol: 'tcp', address: '0.0.0.0', port: 3_000, connected: false, pid: 77, ...changes });
  const own = (...sockets: readonly Partial<UnfedSocket>[]): string[] =>
    ownSockets(sockets.map(socket), { ephemeralPorts: [32_768, 60_999], namedPorts: [45_000], inspectorPorts: [9_333] });

  it.each([
    ['a TCP server', { address: '127.0.0.1' }, 'tcp 127.0.0.1:3000'],
    ['one of IPv6', { address: '::1' }, 'tcp [::1]:3000'],
    ['UDP on a port', { protocol: 'udp', address: '::', port: 53 }, 'udp *:53'],
    ['UDP just outside of what the kernel chooses from', { protocol: 'udp', port: 32_767 }, 'udp *:32767'],
    ['UDP on a port that the definition names', { protocol: 'udp', port: 45_000 }, 'udp *:45000'],
    ['a Unix socket', { protocol: 'unix', address: '/run/app.sock', port: 0 }, 'unix /run/app.sock'],
    ['one with digits that are no pid', { protocol: 'unix', address: '/run/app-1077.sock', port: 0 }, 'unix /run/app-1077.sock'],
  ] as const)('two processes cannot both have %s', (_, one, label) => {
    expect(own(one)).toEqual([label]);
  });

  it.each([
    ['a UDP client: its port was chosen by the kernel', { protocol: 'udp', port: 40_000 }],
    ['UDP that is connected to its peer', { protocol: 'udp', port: 123, connected: true }],
    ['listen(0)', { port: 32_768 }],
    ['the inspector that the app configured', { port: 9_333 }],
    ['the default one', { port: 9_229, address: '127.0.0.1' }],
    ['a pipe that has the pid in its name', { protocol: 'unix', address: '/tmp/tsx-1000/77.pipe', port: 0 }],
    ['a socket without a name', { protocol: 'unix', address: '', port: 0 }],
  ] as const)('does not count %s', (_, one) => {
    expect(own(one)).toEqual([]);
  });

  it('names each socket once', () => {
    expect(own({ pid: 1 }, { pid: 2 }, { protocol: 'udp' })).toEqual(['tcp *:3000', 'udp *:3000']);
  });
});
