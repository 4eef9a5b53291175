import { expect, it } from 'vitest';
import { createContext } from '../../../src/cli/context.ts';
import { pm2Service, replaceService } from '../../../src/cli/migrate/boot-service.ts';
import { homePaths } from '../../../src/system/paths.ts';
import { terminalOutput } from '../../../src/system/terminal-output.ts';
import { FakeHost } from '../fake-host.ts';

const HOME = '/home/deploy/.pm2';
/** What "pm2 startup" writes, as far as it matters. */
const unit = (home: string): string => `[Service]\nType=forking\nEnvironment=PATH=/usr/bin\nEnvironment=PM2_HOME=${home}\nExecStart=/usr/bin/pm2 resurrect\n`;

function machine(uid: number): FakeHost {
  const host = new FakeHost();
  host.uid = uid;
  host.files.set('/units/other.service', unit(HOME));
  host.files.set('/units/pm2-other.service', unit('/home/other/.pm2'));
  host.files.set('/units/pm2-deploy.service', unit(HOME));
  return host;
}

async function replaced(host: FakeHost): Promise<string[]> {
  const sink = terminalOutput({ write: () => true, once: () => {} });
  const io = { stdout: sink, stderr: sink, env: { HOME: '/tmp' }, cwd: '/tmp', readStdin: () => Promise.resolve(''), ask: null, onInterrupt: () => () => {} };
  const words = { args: ['pm2', 'eco.config.js'], options: { yes: true, only: 'api', envName: 'live' }, appArgs: [] };
  const place = { home: '/tmp/none', address: homePaths('/tmp/none'), madeBecause: null };
  const context = await createContext(io, 'migrate', words, ['migrate', 'pm2', '--yes', '--only', 'api'], place);
  return await replaceService(context, 'pm2-deploy', host);
}

it('is found by the home that it serves', () => {
  const host = machine(0);
  expect([pm2Service(HOME, host), pm2Service('/home/other/.pm2', host), pm2Service('/root/.pm2', host)]).toEqual(['pm2-deploy', 'pm2-other', null]);
});

it('is replaced: that of lb is installed and started before that of PM2 is disabled', async () => {
  const host = machine(0);
  expect(await replaced(host)).toEqual(['lb-root starts lb at boot, in the place of pm2-deploy, which is disabled']);
  expect(host.files.get('/units/lb-root.service')).toContain('User=root');
  expect(host.ran.slice(-4)).toEqual(['systemctl daemon-reload', 'systemctl enable lb-root', 'systemctl start lb-root', 'systemctl disable pm2-deploy']);
});

it.each([
  ['only root may change services', (host: FakeHost) => (host.uid = process.getuid?.() === 0 ? 1 : (process.getuid?.() ?? 1))],
  ['systemd does not run here', (host: FakeHost) => (host.booted = false)],
  ['it needs systemd 246 or newer, this is 245', (host: FakeHost) => (host.version = '245')],
])('is left where it cannot be replaced (%s), with the exact commands', async (because, make) => {
  const host = machine(0);
  make(host);
  const [said, startup, disable, ...more] = await replaced(host);
  expect(said).toContain(`the service pm2-deploy still starts PM2 at boot (`);
  expect(said).toContain(because);
  expect(startup).toMatch(/^ {2}sudo \S+ \S+bin\/lb\.js startup -u \S+ --yes$/);
  expect([disable, more]).toEqual(['  sudo systemctl disable pm2-deploy', []]);
  expect([host.ran.filter((line) => /enable|disable|start/.test(line)), host.files.size]).toEqual([[], 3]);
});

it('says so when it cannot be disabled', async () => {
  const host = machine(0);
  host.fails = /disable/;
  expect(await replaced(host)).toEqual([
    'lb-root starts lb at boot, and pm2-deploy still starts PM2, because it could not be disabled: Job failed.',
    '  systemctl disable pm2-deploy',
  ]);
});
