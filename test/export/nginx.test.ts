import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { nginx } from '../../src/export/nginx.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { HOSTS, requestOf, webApp } from './sample-request.ts';
import { scratchFile } from './scratch.ts';

const NGINX = debianPackage('nginx', 'nginx-light');
const STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';
const OPTIONS = { ...HOSTS, bind: 8080 };
const PROXIED: Partial<AppSpec> = { proxyProtocol: { ports: [3000], from: null } };

const CASES: readonly (readonly [string, Partial<AppSpec>])[] = [
  ['as it is', {}],
  ['with ip-hash', { balance: 'ip-hash', name: '@shop/api', drainIdleMs: 3_000 }],
  ['with least-connections', { balance: 'least-connections' }],
  ['with the PROXY protocol', { ...PROXIED, balance: 'random' }],
];

it.each(CASES)('%s', (_, more) => {
  const { text, notes } = nginx(requestOf([webApp(more)], OPTIONS, { command: 'lb export nginx --hosts …' }));
  expect(`${text}\nnotes: ${notes.join('; ')}`).toMatchSnapshot();
});

it.for(CASES)('nginx -t, %s', ([, more], context) => {
  const path = needsPackage(context, NGINX);
  const { text } = nginx(requestOf([webApp(more)], OPTIONS));
  const isStream = more.proxyProtocol !== undefined;
  if (isStream) needsPackage(context, { path: existsSync(STREAM) ? STREAM : null, needs: 'needs the Debian package libnginx-mod-stream' });
  const included = scratchFile('lb.conf', text);
  const directory = dirname(included);
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(' ');
  const block = isStream ? `stream { include ${included}; }` : `http { access_log off; ${scratch} include ${included}; }`;
  const main = join(directory, 'nginx.conf');
  writeFileSync(main, `${isStream ? `load_module ${STREAM};` : ''} pid ${directory}/nginx.pid; events {} ${block}\n`);
  const { status, stderr } = spawnSync(path, ['-t', '-c', main, '-p', directory, '-e', 'stderr'], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(stderr).not.toContain('[warn]');
});
