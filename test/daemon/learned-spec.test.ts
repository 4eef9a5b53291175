import { expect, it } from 'vitest';
import { isDeclared } from '../../src/daemon/declared-port.ts';
import { learnedSpec } from '../../src/daemon/learned-spec.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';

const user = { uid: 33, gid: 33, name: 'www-data', home: '/var/www' };
/** What root acts upon. */
const EVIL: Partial<AppSpec> = {
  user: null,
  interpreter: '/tmp/evil',
  script: '/tmp/evil.js',
  port: 22,
  socket: { host: null, port: 25 },
  outFile: '/etc/shadow',
  env: { LD_PRELOAD: '/tmp/evil.so' },
  onEvent: { run: 'id > /root/evil', url: null, kinds: null, severity: 'info' },
};

it('of the primary of another user, nothing is believed that root acts upon', () => {
  const own = sampleSpec({ user, instances: 2 });
  const reported = { ...own, ...EVIL, instances: 3, balance: 'random' as const, weights: [2, 1] };
  expect(learnedSpec(own, reported)).toEqual({ ...own, instances: 3, balance: 'random', weights: [2, 1] });
  const ordered = { ...own, script: '/srv/api/next.js' };
  expect(learnedSpec(own, reported, ordered)).toMatchObject({ script: '/srv/api/next.js', user, onEvent: own.onEvent, instances: 3 });
  expect(learnedSpec(sampleSpec(), reported), 'the primary of the own user is believed').toBe(reported);
});

it('root opens only the ports in the definition, and none for its own apps', () => {
  const open = (changes: Partial<AppSpec>): number[] => [79, 80, 81, 82, 443].filter((port) => isDeclared(sampleSpec({ user, ...changes }), port));
  expect(open({})).toEqual([]);
  expect(open({ port: 80 })).toEqual([80]);
  expect(open({ socket: { host: null, port: 443 } })).toEqual([443]);
  expect(open({ port: 80, incrementVar: 'PORT', instances: 2 })).toEqual([80, 81]);
  expect(open({ port: 80, user: null })).toEqual([]);
});
