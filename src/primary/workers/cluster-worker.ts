import cluster, { type Worker } from 'node:cluster';
import { WORKER_SETTINGS_VAR } from '../../protocol/worker.ts';
import { ownNode } from '../../system/own-node.ts';
import { environmentOf } from './environment.ts';
import { inspectorArguments, inspectorPort } from './inspector.ts';
import { IpcProcess } from './ipc-process.ts';
import type { StartWorker } from './worker-process.ts';

/**
 * Starts workers with `node:cluster`. The app's script is the main module, and the preload runs before it. Workers get
 * exactly the app's environment, without that of the primary.
 */
export function clusterWorkers(preload: () => string): StartWorker {
  const inspectorPorts = new Set<number>();
  return ({ spec, slot, settings }, events) => {
    const inspectPort = inspectorPort(spec, inspectorPorts);
    cluster.setupPrimary({
      exec: spec.script,
      args: [...spec.args],
      execArgv: ['--require', preload(), ...inspectorArguments(spec), ...spec.nodeArgs],
      cwd: spec.cwd,
      silent: true,
      // Otherwise Node would count up from its default, with each worker that was ever started.
      inspectPort,
    });
    const env: Record<string, string | undefined> = environmentOf(spec, slot);
    // cluster.fork starts from the primary's own environment; undefined removes a variable.
    for (const name of Object.keys(process.env)) env[name] ??= undefined;
    env[WORKER_SETTINGS_VAR] = JSON.stringify(settings);
    const worker = forkWith(ownNode(), env);
    inspectorPorts.add(inspectPort);
    worker.once('exit', () => inspectorPorts.delete(inspectPort));
    // Node emits process errors here as well, and an error without a listener would crash the primary.
    worker.on('error', () => {});
    return new IpcProcess(worker.process, events);
  };
}

/** Node's cluster takes the binary from `process.execPath`. */
function forkWith(node: string, env: Record<string, string | undefined>): Worker {
  const { execPath } = process;
  process.execPath = node;
  try {
    return cluster.fork(env);
  } finally {
    process.execPath = execPath;
  }
}
