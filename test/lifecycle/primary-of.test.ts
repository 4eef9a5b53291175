import { expect, it } from 'vitest';
import { fileNameOf } from '../../src/lifecycle/app-name.ts';
import { primaryOf } from '../../src/lifecycle/primary-of.ts';
import { sampleSpec } from './sample-spec.ts';

const of = (changes: Parameters<typeof sampleSpec>[0]): string =>
  primaryOf(sampleSpec({ name: 'api', instances: 1, scale: null, interpreter: null, ...changes }));

it('plain apps with one worker share a primary with commands', () => {
  expect([of({ kind: 'plain' }), of({ kind: 'command', name: 'job', instances: 3 })]).toEqual(['_shared', '_shared']);
});

it.each([
  ['a cluster app', { kind: 'cluster' }],
  ['several plain copies, which are chosen among', { kind: 'plain', instances: 2 }],
  ['an app with another Node.js', { kind: 'plain', interpreter: '/opt/node/bin/node' }],
  ['an app of another user', { kind: 'plain', user: { uid: 33, gid: 33, name: 'www-data', home: '/var/www' } }],
  ['one that asks for it', { kind: 'plain', ownPrimary: true }],
] as const)('%s has its own', (_, changes) => {
  expect(of(changes)).toBe('api');
});

it('no app has a primary of that name', () => {
  expect(fileNameOf('_shared')).not.toBe('_shared');
});
