import { expect, it } from 'vitest';
import { copiesWarning } from '../../src/lifecycle/copies.ts';
import { sampleSpec } from './sample-spec.ts';

const SOCKET = { host: null, port: 8_000 };

it.each([
  ['one worker', { kind: 'command' }, 1, null],
  ['a cluster', { kind: 'cluster' }, 4, null],
  ['plain workers', { kind: 'plain' }, 4, 'happens 4 times'],
  ['a command', { kind: 'command' }, 3, 'cannot share a port'],
  ['a command with a port for each', { kind: 'command', incrementVar: 'PORT' }, 3, null],
  ['a command that inherits its socket, which the copies share', { kind: 'command', socket: SOCKET }, 3, null],
] as const)('%s', (_, changes, count, text) => {
  const warning = copiesWarning(sampleSpec(changes), count);
  if (text === null) expect(warning).toBeNull();
  else expect(warning).toContain(text);
});
