import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, processesOf, sendSignal } from './processes.mjs';
import { waitFor } from './wait.mjs';

/** A temporary directory with everything that runs in it; leaves nothing behind. */
export class Workspace {
  directory = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  /** What is in the environment of every process. */
  env = { PATH: process.env.PATH, HOME: this.directory, LANG: 'C.UTF-8', NO_COLOR: '1' };
  #numbers = 0;
  #disposed = false;
  /** @type {Set<{ close(): Promise<void> }>} */
  #open = new Set();

  /** A path in the directory that nothing else uses. @param {string} name */
  path(name) {
    // After an interrupt nothing new may start.
    if (this.#disposed) throw new Error('the run has ended');
    return join(this.directory, `${name}-${++this.#numbers}`);
  }

  /** @param {string} name */
  newDirectory(name) {
    const path = this.path(name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /**
   * Something that must be closed with the workspace at the latest.
   * @template {{ close(): Promise<void> }} T
   * @param {T} resource
   */
  own(resource) {
    this.#open.add(resource);
    return resource;
  }

  /** @param {{ close(): Promise<void> }} resource */
  async close(resource) {
    if (this.#open.delete(resource)) await resource.close();
  }

  /** Closes everything that is open; what can't be closed is told and does not stop the rest. */
  async closeAll() {
    for (const resource of [...this.#open].reverse()) {
      await this.close(resource).catch((error) => process.stderr.write(`${error.message}\n`));
    }
  }

  async dispose() {
    this.#disposed = true;
    await this.closeAll();
    const gone = () => processesOf(this.directory).length === 0;
    await waitFor('all processes to end', gone, 5_000).catch(() => {
      for (const pid of processesOf(this.directory)) {
        process.stderr.write(`left behind, killed: ${pid}\n`);
        sendSignal(pid, 'SIGKILL');
      }
    });
    await waitFor('killed processes to be gone', () => !processesOf(this.directory).some(isAlive), 5_000).catch(() => {});
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
