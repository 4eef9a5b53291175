import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { haproxy } from '../../src/export/haproxy.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { HOSTS, requestOf, webApp } from './sample-request.ts';
import { scratchFile } from './scratch.ts';

const HAPROXY = debianPackage('haproxy', 'haproxy');
const health: AppSpec['health'] = {
  path: "/it's ok?a=%41",
  host: 'shop.example',
  headers: { 'X-Forwarded-Proto': 'https', 'X-Share': '100%H' },
  port: null,
  intervalMs: 2_000,
  timeoutMs: 2_000,
  fall: 3,
  rise: 2,
  expect: [
    [200, 299],
    [304, 304],
  ],
  replaceAfterMs: null,
};
const local = { host: '127.0.0.1', port: 9000 };

const CASES: readonly (readonly [string, Partial<AppSpec>])[] = [
  ['with a health_port', {}],
  ['with the PROXY protocol and ip-hash', { balance: 'ip-hash', proxyProtocol: { ports: null, from: null } }],
  ['with health and without health_port', { healthPort: null, health, balance: 'least-connections', drainDelayMs: 0 }],
  ['with nothing to check', { healthPort: local, balance: 'random', drainIdleMs: 500 }],
];

it.each(CASES)('%s', (_, more) => {
  const { text, notes } = haproxy(requestOf([webApp(more)], HOSTS, { command: 'lb export haproxy --hosts …' }));
  expect(`${text}\nnotes: ${notes.join('; ')}`).toMatchSnapshot();
});

it.for(CASES)('haproxy -c, %s', ([, more], context) => {
  const path = needsPackage(context, HAPROXY);
  const { status, stderr, stdout } = spawnSync(path, ['-c', '-f', scratchFile('haproxy.cfg', haproxy(requestOf([webApp(more)], HOSTS)).text)], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stderr + stdout).not.toMatch(/warning/i);
});

it('is for one app with a known port', () => {
  expect(() => haproxy(requestOf([webApp({ port: null })]))).toThrow('the port of "api" is not known; set "port" in the definition');
  expect(() => haproxy(requestOf([webApp(), webApp({ name: 'web' })]))).toThrow('"api", "web" have ports');
  expect(haproxy(requestOf([webApp(), webApp({ name: 'jobs', port: null })])).text).toContain('server 127.0.0.1:3000 127.0.0.1:3000');
  expect(haproxy(requestOf([webApp({ port: null, env: { PORT: '8123' } })])).text).toContain('server 127.0.0.1:8123');
});
