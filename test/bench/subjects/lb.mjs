import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from '../lib/command.mjs';
import { App, APP_SCRIPT } from './app.mjs';

/** One `lb` daemon with a home of its own. */
export class Lb {
  name = 'lb';

  /** @param {import('../lib/workspace.mjs').Workspace} workspace @param {string} program */
  constructor(workspace, program) {
    this.workspace = workspace;
    this.program = program;
    this.home = workspace.newDirectory('lb');
    this.env = { ...workspace.env, LB_HOME: this.home };
  }

  /** @param {{ workers: number, restartAtOnce?: boolean, script?: string, flags?: readonly string[], env?: Readonly<Record<string, string>> }} options */
  async start({ workers, flags = [], ...options }) {
    return this.#start({ ...options, flags: ['-i', String(workers), ...flags] }, workers);
  }

  /**
   * As one plain process, without `-i`.
   * @param {{ restartAtOnce?: boolean, script?: string, listeners?: number }} [options] `listeners`: how many processes of the app listen
   */
  async startPlain({ listeners = 1, ...options } = {}) {
    return this.#start({ ...options, flags: [] }, listeners);
  }

  async #start({ restartAtOnce = false, script = APP_SCRIPT, flags, env = {} }, boots) {
    const app = await App.create(this.workspace);
    const all = [...flags, ...(restartAtOnce ? ['--restart-delay', '1'] : [])];
    await this.#lb(['start', script, '-n', app.name, ...all], { ...app.env, ...env });
    await app.waitForBoots(boots);
    return app;
  }

  /** @param {App} app */
  async reload(app) {
    await this.#lb(['reload', app.name]);
  }

  /** @param {App} app @returns {Promise<number | null>} the exit code */
  async tryReload(app) {
    return (await this.#lb(['reload', app.name], {}, true)).code;
  }

  /** Takes the apps of a PM2 over. @param {import('./pm2.mjs').Pm2} pm2 */
  async migrate({ program, env: { PM2_HOME } }) {
    await this.#lb(['migrate', 'pm2', '--yes', '--pm2', program, '--trust-local-users'], { PM2_HOME });
  }

  /** Starts an app that ran under another subject. @param {App} app @param {number} workers */
  async startInstead(app, workers) {
    await this.#lb(['start', APP_SCRIPT, '-n', app.name, '-i', String(workers)], app.env);
  }

  /** @param {App} app @param {number} workers */
  async scale(app, workers) {
    await this.#lb(['scale', app.name, String(workers)]);
  }

  get listCommand() {
    return [this.program, 'list'];
  }

  get daemon() {
    return JSON.parse(readFileSync(join(this.home, 'daemon.pid'), 'utf8')).pid;
  }

  async close() {
    await this.#lb(['kill'], {}, true);
  }

  #lb(args, env = {}, mayFail = false) {
    return runNode([this.program, ...args], { env: { ...this.env, ...env }, cwd: this.workspace.directory, mayFail });
  }
}
