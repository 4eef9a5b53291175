import { expect, it } from 'vitest';
import { DEFINITION_LINES, definitionFacts } from '../../src/cli/output/definition-facts.ts';
import { OPTION_LIST, type OptionKey } from '../../src/config/options.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { app } from '../client/samples.ts';

type Spec = AppSnapshot['spec'];

/** The name is the heading. */
const LEFT_OUT: readonly OptionKey[] = ['name', 'append_env_to_name'];

/** No value is a default. */
const UNUSUAL: Spec = {
  name: 'api',
  declared: null,
  origin: { file: '/srv/lb.config.js', project: null },
  script: '/srv/server.js',
  runner: [],
  args: ['-x', 'y'],
  cwd: '/srv',
  kind: 'plain',
  instances: 7,
  interpreter: '/opt/node',
  nodeArgs: ['--no-warnings'],
  envNames: ['PATH'],
  user: { uid: 33, gid: 34, name: 'www-data', home: '/var/www' },
  umask: 0o027,
  namespace: 'shop',
  filterEnv: ['SECRET'],
  pidFile: '/run/api.pid',
  instanceVar: 'SLOT',
  incrementVar: 'PORT',
  socket: { host: null, port: 8000 },
  dependsOn: ['db', 'cache'],
  beforeReload: { command: 'npm run migrate', timeoutMs: 60_000 },
  readyWhen: { by: 'port', port: 8000 },
  ownPrimary: true,
  treekill: false,
  killSignal: 'SIGINT',
  ipc: 'broadcast',
  port: 3000,
  waitReady: true,
  listenTimeoutMs: 1_000,
  killTimeoutMs: 2_000,
  drainIdleMs: 30_000,
  maxDraining: 2,
  overlap: false,
  shutdownWithMessage: true,
  maxMemoryBytes: 300 * 1024 ** 2,
  autorestart: true,
  autostart: false,
  watch: { paths: ['/srv/src'], ignore: ['*.tmp'], delayMs: 500, options: { usePolling: true } },
  cron: { pattern: '0 3 * * *', timezone: 'Europe/Berlin' },
  minUptimeMs: 3_000,
  maxRestarts: 3,
  restartDelayMs: 4_000,
  backoffBaseMs: 200,
  stopExitCodes: [0, 143],
  outFile: null,
  errorFile: '/var/log/e.log',
  mergeLogs: false,
  logFile: '/var/log/all.log',
  logDateFormat: 'HH:mm:ss',
  logType: 'json',
  logMaxBytes: 1024 ** 2,
  logKeep: 9,
  balance: 'ip-hash',
  weights: [2, 1],
  backup: [1],
  maxConns: 500,
  maxQueue: 10,
  handOffShare: 0.3,
  slowStartMs: 30_000,
  ipHashPrefix: { v4: 24, v6: 56 },
  proxyProtocol: { ports: [3000], from: ['10.0.0.0/8'] },
  health: {
    path: '/healthz',
    host: 'shop.example',
    headers: { 'X-Secret': '***', 'X-Probe': '***' },
    port: 9_001,
    intervalMs: 2_000,
    timeoutMs: 1_000,
    fall: 3,
    rise: 2,
    expect: [
      [200, 299],
      [304, 304],
    ],
    replaceAfterMs: 60_000,
  },
  ejection: null,
  canary: { monitorMs: 30_000, failureRate: 0.02, requests: 20 },
  hangTimeoutMs: null,
  maxRequests: 10_000,
  maxLifetimeMs: 3_600_000,
  recycleJitter: 0.2,
  maxMemoryKillBytes: 400 * 1024 ** 2,
  healthPort: { host: null, port: 9_000 },
  readyMin: 2,
  drainDelayMs: 5_000,
  stopGraceMs: 20_000,
  promClient: true,
  onEvent: { run: './notify.sh', url: 'https://hooks.example/lb', kinds: ['exit', 'hung'], severity: 'info' },
  scale: { on: true, min: 1, max: 4, target: { metric: 'elu', value: 0.6 }, upCooldownMs: 5_000, downCooldownMs: 60_000 },
};

it('every option has its line', () => {
  const told = Object.values(DEFINITION_LINES).flatMap((line) => line?.options ?? []);
  expect([...told, ...LEFT_OUT].sort()).toEqual(OPTION_LIST.map(({ key }) => key).sort());
});

it('every option that is not at its default is shown', () => {
  const lines = definitionFacts(UNUSUAL).map(([label, value]) => `${label}: ${value}`);
  expect(lines).toHaveLength(Object.values(DEFINITION_LINES).filter((line) => line !== null).length);
  expect(lines).toMatchSnapshot();
});

it('of the others only what is always worth a line', () => {
  const always = Object.values(DEFINITION_LINES).filter((line) => line?.always === true);
  expect(definitionFacts({ ...app().spec, maxMemoryBytes: null }).map(([label]) => label)).toEqual(always.map((line) => line?.options[0]));
});
