import type { AppSpec } from '../../src/lifecycle/app-spec.ts';

/** A valid definition, every field set. */
export function sampleSpec(changes: Partial<AppSpec> = {}): AppSpec {
  return {
    name: 'api', script: '/srv/api/server.js', args: ['--verbose'], cwd: '/srv/api', instances: 2, interpreter: '/usr/bin/node',
    nodeArgs: ['--max-old-space-size=512'], env: { PATH: '/usr/bin' }, instanceVar: 'NODE_APP_INSTANCE', waitReady: false,
    listenTimeoutMs: 30_000, killTimeoutMs: 30_000, shutdownWithMessage: false, maxMemoryBytes: null, autorestart: true,
    minUptimeMs: 1_000, maxRestarts: 16, restartDelayMs: null, backoffBaseMs: 100, stopExitCodes: [], outFile: '/var/log/api-out.log',
    errorFile: null, mergeLogs: true, logMaxBytes: 10_485_760, logKeep: 5,
    balance: 'round-robin', weights: [], backup: [], maxConns: null, maxQueue: 8_192, slowStartMs: 0, ipHashPrefix: { v4: 32, v6: 64 },
    proxyProtocol: null, health: null,
    ejection: { takeTimeoutMs: 5_000, loopDelayMs: 1_000, errorRate: 0.5, baseMs: 10_000, maxShare: 0.34 },
    hangTimeoutMs: 30_000, maxRequests: null, maxLifetimeMs: null, recycleJitter: 0.1, maxMemoryKillBytes: null,
    healthPort: null, readyMin: 1, drainDelayMs: 0, promClient: false, onEvent: null, scale: null, ...changes,
  };
}
