import { readFileSync } from 'node:fs';
import { runCommand } from '../lib/command.mjs';
import { processesOf } from '../lib/processes.mjs';
import { App, APP_SCRIPT } from './app.mjs';

/** One Oxmgr daemon with a home of its own. */
export class Oxmgr {
  name = 'Oxmgr';

  /** @param {import('../lib/workspace.mjs').Workspace} workspace @param {string} program */
  constructor(workspace, program) {
    this.workspace = workspace;
    this.program = program;
    this.home = workspace.newDirectory('oxmgr');
    this.env = { ...workspace.env, HOME: this.home };
  }

  /** @param {{ workers: number, script?: string }} options */
  async start({ workers, script = APP_SCRIPT }) {
    const app = await App.create(this.workspace);
    const env = Object.entries(app.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const cluster = ['--cluster', '--cluster-instances', String(workers)];
    // After every exit, and as often as the others.
    const restarts = ['--restart', 'always', '--max-restarts', '1000', '--crash-restart-limit', '1000'];
    await this.#oxmgr(['start', `${process.execPath} ${script}`, '--name', app.name, ...cluster, ...restarts, ...env]);
    await app.waitForBoots(workers);
    return app;
  }

  /** @param {App} app @returns {Promise<number | null>} the exit code */
  async tryReload(app) {
    return (await this.#oxmgr(['reload', app.name], true)).code;
  }

  get daemon() {
    const found = processesOf(this.home).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${this.program}\0daemon`));
    if (found === undefined) throw new Error('no daemon of Oxmgr is running');
    return found;
  }

  async close() {
    await this.#oxmgr(['daemon', 'stop'], true);
  }

  #oxmgr(args, mayFail = false) {
    return runCommand(this.program, args, { env: this.env, cwd: this.workspace.directory, mayFail });
  }
}
