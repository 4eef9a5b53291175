import { expect, it } from 'vitest';
import { service } from '../../src/export/service.ts';
import { systemdUnit } from '../../src/export/systemd.ts';
import { requestOf, webApp } from './sample-request.ts';

it('is the unit of lb startup --app', () => {
  const { text, notes } = service(requestOf([webApp()], {}, { only: 'api', envName: 'production' }));
  const job = { kind: 'apps', file: '/srv/shop/lb.config.js', directory: '/srv/shop', only: 'api', profile: 'production' } as const;
  expect(text).toBe(systemdUnit({ name: 'lb-run-api', user: 'deploy', node: '/usr/bin/node', program: '/usr/bin/lb', job, harden: false }));
  expect(notes).toEqual(['"lb startup --app lb.config.js --yes" installs it, and starts it']);
});

it('of several apps is called like their directory', () => {
  expect(service(requestOf([webApp(), webApp({ name: 'web' })])).text).toContain('StateDirectory=lb-run-shop\n');
});
