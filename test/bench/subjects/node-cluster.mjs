import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isAlive, sendSignal } from '../lib/processes.mjs';
import { waitFor } from '../lib/wait.mjs';
import { App, APP_SCRIPT } from './app.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/cluster.cjs', import.meta.url));

/** Bare `node:cluster` with the script a user would write: `programs/cluster.cjs`. */
export class NodeCluster {
  name = 'node:cluster';
  /** @type {{ app: App, primary: import('node:child_process').ChildProcess }[]} */
  #running = [];

  /** @param {import('../lib/workspace.mjs').Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
  }

  /** @param {{ workers: number, script?: string }} options */
  async start({ workers, script = APP_SCRIPT }) {
    const app = await App.create(this.workspace);
    const env = { ...this.workspace.env, ...app.env, APP: script, WORKERS: String(workers) };
    // In a session of its own, as lb and PM2 are, so that the scheduler treats all alike.
    const primary = spawn(process.execPath, [SCRIPT], { env, cwd: this.workspace.directory, stdio: 'ignore', detached: true });
    this.#running.push({ app, primary });
    await app.waitForBoots(workers);
    return app;
  }

  async close() {
    for (const { app, primary } of this.#running.splice(0)) {
      if (primary.exitCode !== null || primary.signalCode !== null) continue;
      const workers = app.workers;
      primary.kill('SIGKILL');
      await once(primary, 'exit');
      // A worker whose primary vanished ends by itself.
      await waitFor('workers to end', () => !workers.some(isAlive), 3_000).catch(() => {
        for (const pid of workers.filter(isAlive)) sendSignal(pid, 'SIGKILL');
      });
    }
  }
}
