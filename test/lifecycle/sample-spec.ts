import type { AppSpec } from '../../src/lifecycle/app-spec.ts';

/** A valid definition, every field set. */
export function sampleSpec(changes: Partial<AppSpec> = {}): AppSpec {
  return {
    name: 'api', script: '/srv/api/server.js', args: ['--verbose'], cwd: '/srv/api', instances: 2, interpreter: '/usr/bin/node',
    nodeArgs: ['--max-old-space-size=512'], env: { PATH: '/usr/bin' }, instanceVar: 'NODE_APP_INSTANCE', waitReady: false,
    listenTimeoutMs: 30_000, killTimeoutMs: 30_000, shutdownWithMessage: false, maxMemoryBytes: null, autorestart: true,
    minUptimeMs: 1_000, maxRestarts: 16, restartDelayMs: null, backoffBaseMs: 100, stopExitCodes: [], outFile: '/var/log/api-out.log',
    errorFile: null, mergeLogs: true, logMaxBytes: 10_485_760, logKeep: 5, ...changes,
  };
}
