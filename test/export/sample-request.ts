import type { ExportOptions, ExportRequest } from '../../src/export/export-request.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';

/** An app of a project at `/srv/shop`, as a config file would define it. */
export const webApp = (more: Partial<AppSpec> = {}): AppSpec => ({
  ...sampleSpec(),
  name: 'api',
  cwd: '/srv/shop',
  script: '/srv/shop/server.js',
  interpreter: null,
  port: 3000,
  instances: 4,
  healthPort: { host: null, port: 9000 },
  drainDelayMs: 5_000,
  killTimeoutMs: 30_000,
  ...more,
});

export const requestOf = (apps: readonly AppSpec[], options: ExportOptions = {}, more: Partial<ExportRequest> = {}): ExportRequest => ({
  command: 'lb export',
  file: 'lb.config.js',
  directory: '/srv/shop',
  only: null,
  envName: null,
  apps,
  metrics: null,
  project: { lockedBy: 'npm', hasPackage: true, hasBuildScript: true, dependsOnLb: false },
  nodeMajor: 22,
  lbVersion: '0.1.0',
  machine: { user: 'deploy', node: '/usr/bin/node', program: '/usr/bin/lb' },
  options,
  ...more,
});

export const HOSTS: ExportOptions = {
  hosts: [
    { host: '10.0.0.1', port: null },
    { host: '10.0.0.2', port: 3001 },
    { host: 'fd00::3', port: null },
  ],
};
