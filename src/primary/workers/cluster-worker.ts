import cluster from 'node:cluster';
import { INSPECT_ARGUMENT, WORKER_SETTINGS_VAR } from '../../protocol/worker.ts';
import { IpcProcess } from './ipc-process.ts';
import type { StartWorker } from './worker-process.ts';

/** The app's own wish for an inspector stands. */
const INSPECT = /--(?:inspect|debug-port)/;

/**
 * Starts workers with `node:cluster`: the app's script is the main module, with the preload before it. The environment is
 * exactly the app's, nothing of the primary's own.
 */
export function clusterWorkers(preload: string): StartWorker {
  return ({ spec, slot, settings }, events) => {
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
    const worker = cluster.fork(env);
    // Node repeats errors of the process here, where an error without a listener would end the primary.
    worker.on('error', () => {});
    return new IpcProcess(worker.process, events);
  };
}
