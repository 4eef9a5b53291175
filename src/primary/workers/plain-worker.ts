import { spawn } from 'node:child_process';
import { WORKER_SETTINGS_VAR } from '../../protocol/worker.ts';
import { ownNode } from '../../system/own-node.ts';
import { environmentOf } from './environment.ts';
import { inspectorArguments } from './inspector.ts';
import { IpcProcess } from './ipc-process.ts';
import type { StartWorker } from './worker-process.ts';

/** Starts workers as plain Node.js processes. The preload comes by NODE_OPTIONS, so that the command line is the app's own. */
export function plainWorkers(preload: () => string): StartWorker {
  return ({ spec, slot, settings }, events) => {
    const own = ['--require', JSON.stringify(preload()), ...inspectorArguments(spec)];
    const env: Record<string, string> = {
      ...environmentOf(spec, slot),
      [WORKER_SETTINGS_VAR]: JSON.stringify(settings),
      NODE_OPTIONS: [...own, settings.nodeOptions ?? ''].join(' ').trim(),
    };
    const child = spawn(ownNode(), [...spec.nodeArgs, spec.script, ...spec.args], { cwd: spec.cwd, env, stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    // Without descriptors for its channel, a child has none, and tells by an `error` event that must not be left unheard.
    child.on('error', () => {});
    return new IpcProcess(child, events);
  };
}
