import cluster, { type Worker } from 'node:cluster';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { INSPECT_ARGUMENT, WORKER_SETTINGS_VAR, type WorkerSettings } from '../../protocol/worker.ts';

export type ClusterWorker = Worker;

/** The app's own wish for an inspector stands. */
const INSPECT = /--(?:inspect|debug-port)/;

/**
 * Forks a worker that runs the app's script as its main module with the preload before it.
 * Its environment is exactly the app's, nothing of the primary's own.
 */
export function forkWorker(spec: AppSpec, slot: number, preload: string, settings: WorkerSettings): Worker {
  const asksForInspector = INSPECT.test([...spec.nodeArgs, spec.env['NODE_OPTIONS'] ?? ''].join(' '));
  cluster.setupPrimary({
    exec: spec.script,
    args: [...spec.args],
    execArgv: ['--require', preload, ...(asksForInspector ? [] : [INSPECT_ARGUMENT]), ...spec.nodeArgs],
    cwd: spec.cwd,
    silent: true,
    // Else each worker would get a port of its own, counted up from the default.
    ...(asksForInspector ? {} : { inspectPort: 0 }),
  });
  const env: Record<string, string | undefined> = { ...spec.env };
  // cluster.fork adds the primary's own environment underneath; undefined removes a variable again.
  for (const name of Object.keys(process.env)) env[name] ??= undefined;
  env[spec.instanceVar] = String(slot);
  env[WORKER_SETTINGS_VAR] = JSON.stringify(settings);
  return cluster.fork(env);
}
