import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { App, APP_SCRIPT } from './app.mjs';

/** The app as `node app.cjs`, without any supervisor. */
export class PlainNode {
  name = 'plain node';
  /** @type {Map<App, import('node:child_process').ChildProcess>} */
  #running = new Map();

  /** @param {import('../lib/workspace.mjs').Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
  }

  async start() {
    const app = await App.create(this.workspace, { supervised: false });
    this.spawn(app);
    await app.waitForBoots(1);
    return app;
  }

  /** Starts an app without waiting for it. @param {App} app */
  spawn(app) {
    const env = { ...this.workspace.env, ...app.env };
    const child = spawn(process.execPath, [APP_SCRIPT], { env, cwd: this.workspace.directory, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.resume();
    child.stderr.resume();
    this.#running.set(app, child);
  }

  /** @param {App} app */
  async stop(app) {
    const child = this.#running.get(app);
    this.#running.delete(app);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close() {
    for (const app of [...this.#running.keys()]) await this.stop(app);
  }
}
