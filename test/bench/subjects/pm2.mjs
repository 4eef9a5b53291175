import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, runNode } from '../lib/command.mjs';
import { App, APP_SCRIPT } from './app.mjs';

const VERSION = '7';

/**
 * Installs PM2 into the workspace.
 * @param {import('../lib/workspace.mjs').Workspace} workspace
 * @returns {Promise<{ program: string, version: string }>}
 */
export async function installPm2(workspace) {
  const directory = workspace.newDirectory('pm2-package');
  writeFileSync(join(directory, 'package.json'), '{"private":true}');
  const args = [
    'install',
    `pm2@${VERSION}`,
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
  ];
  // With the user's own settings: a registry or a proxy may be configured there.
  await runCommand('npm', args, { env: process.env, cwd: directory, timeoutMs: 180_000 });
  const program = join(directory, 'node_modules', 'pm2', 'bin', 'pm2');
  const { output } = await runNode(['-p', "require('pm2/package.json').version"], { env: workspace.env, cwd: directory });
  return { program, version: output.trim() };
}

/** One PM2 daemon with a home of its own. */
export class Pm2 {
  name = 'PM2';

  /** @param {import('../lib/workspace.mjs').Workspace} workspace @param {string} program */
  constructor(workspace, program) {
    this.workspace = workspace;
    this.program = program;
    this.env = { ...workspace.env, PM2_HOME: workspace.newDirectory('pm2') };
  }

  /** @param {{ workers: number, script?: string, flags?: readonly string[], env?: Readonly<Record<string, string>> }} options */
  async start({ workers, script = APP_SCRIPT, flags = [], env = {} }) {
    const app = await App.create(this.workspace);
    await this.#pm2(['start', script, '--name', app.name, '-i', String(workers), ...flags], { ...app.env, ...env });
    await app.waitForBoots(workers);
    return app;
  }

  /** In fork mode. */
  async startPlain() {
    const app = await App.create(this.workspace);
    await this.#pm2(['start', APP_SCRIPT, '--name', app.name], app.env);
    await app.waitForBoots(1);
    return app;
  }

  /** @param {App} app */
  async reload(app) {
    await this.#pm2(['reload', app.name]);
  }

  /** @param {App} app @returns {Promise<number | null>} the exit code */
  async tryReload(app) {
    return (await this.#pm2(['reload', app.name], {}, true)).code;
  }

  /** @param {App} app */
  async delete(app) {
    await this.#pm2(['delete', app.name]);
  }

  /** @param {App} app @param {number} workers */
  async scale(app, workers) {
    await this.#pm2(['scale', app.name, String(workers)]);
  }

  /** It forks the workers itself. */
  get daemon() {
    return Number(readFileSync(join(this.env.PM2_HOME, 'pm2.pid'), 'utf8'));
  }

  get listCommand() {
    return [this.program, 'list'];
  }

  async close() {
    await this.#pm2(['kill'], {}, true);
  }

  #pm2(args, env = {}, mayFail = false) {
    return runNode([this.program, ...args], { env: { ...this.env, ...env }, cwd: this.workspace.directory, mayFail });
  }
}
