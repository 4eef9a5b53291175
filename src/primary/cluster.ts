import cluster, { type Worker } from 'node:cluster';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { WORKER_SETTINGS_VAR, type WorkerSettings } from '../protocol/worker.ts';

export type ClusterWorker = Worker;

/**
 * Forks a worker that runs the app's script as its main module with the preload before it.
 * Its environment is exactly the app's, nothing of the primary's own.
 */
export function forkWorker(spec: AppSpec, slot: number, preload: string, settings: WorkerSettings): Worker {
  cluster.setupPrimary({
    exec: spec.script,
    args: [...spec.args],
    execArgv: ['--require', preload, ...spec.nodeArgs],
    cwd: spec.cwd,
    silent: true,
  });
  const env: Record<string, string | undefined> = { ...spec.env };
  // cluster.fork adds the primary's own environment underneath; undefined removes a variable again.
  for (const name of Object.keys(process.env)) env[name] ??= undefined;
  env[spec.instanceVar] = String(slot);
  env[WORKER_SETTINGS_VAR] = JSON.stringify(settings);
  return cluster.fork(env);
}
