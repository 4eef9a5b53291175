import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../lib/processes.mjs';
import { freePort } from '../lib/ports.mjs';
import { waitFor } from '../lib/wait.mjs';

export const APP_SCRIPT = fileURLToPath(new URL('../programs/app.cjs', import.meta.url));

/** @typedef {{ pid: number, parent: number, sinceStartMs: number, atMs: number }} Boot */

/** The app under one subject. What its workers did is read from the file they append to when they listen. */
export class App {
  /** @param {string} name @param {number} port @param {string} bootLog @param {boolean} supervised by the process that forked its workers */
  constructor(name, port, bootLog, supervised) {
    this.name = name;
    this.port = port;
    this.bootLog = bootLog;
    this.supervised = supervised;
  }

  /** @param {import('../lib/workspace.mjs').Workspace} workspace @param {{ supervised?: boolean }} [options] */
  static async create(workspace, { supervised = true } = {}) {
    const bootLog = workspace.path('boots');
    return new App(`app${bootLog.slice(bootLog.lastIndexOf('-') + 1)}`, await freePort(), bootLog, supervised);
  }

  get env() {
    return { PORT: String(this.port), BOOT_LOG: this.bootLog };
  }

  /** @returns {Boot[]} every start of a worker so far, oldest first */
  get boots() {
    if (!existsSync(this.bootLog)) return [];
    return readFileSync(this.bootLog, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line));
  }

  /** Processes that listen now. */
  get workers() {
    return this.boots.map(({ pid }) => pid).filter(isAlive);
  }

  get ports() {
    return [this.port];
  }

  /** Everything on the path of a request. */
  get processes() {
    return this.supervised ? [this.primary, ...this.workers] : this.workers;
  }

  /** The process the workers were forked by. */
  get primary() {
    const boot = this.boots.findLast(({ pid }) => isAlive(pid));
    if (boot === undefined) throw new Error(`${this.name} has no worker`);
    return boot.parent;
  }

  /** Until so many workers have begun to listen since the app was started. @param {number} count */
  async waitForBoots(count) {
    return waitFor(`${count} workers of ${this.name} to listen`, () => this.boots.length >= count);
  }

  /** The last one. */
  get lastBoot() {
    const last = this.boots.at(-1);
    if (last === undefined) throw new Error(`${this.name} has not listened`);
    return last;
  }
}
