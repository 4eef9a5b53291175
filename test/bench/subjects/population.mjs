import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { waitFor } from '../lib/wait.mjs';
import { Lb } from './lb.mjs';

const PRIMARIES = fileURLToPath(new URL('../programs/primaries.ts', import.meta.url));

/** A daemon of `lb` with more apps and workers than a machine can run: their primaries are connections of one process. */
export class Population extends Lb {
  #daemon = null;
  #primaries = null;

  /** @param {{ apps: number, workers: number }} size */
  async open({ apps, workers }) {
    const { env } = this;
    this.#daemon = spawn(process.execPath, [this.program, 'daemon'], { env, stdio: 'ignore' });
    await waitFor('the daemon', () => existsSync(join(this.home, 'daemon.pid')));
    const program = join(this.home, 'primaries.mjs');
    await build({ entryPoints: [PRIMARIES], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
    this.#primaries = spawn(process.execPath, [program, this.home, String(apps), String(workers)], {
      // By this a daemon recognizes primaries of its home.
      env: { ...env, LB_PRIMARY_SETTINGS: JSON.stringify({ name: 'population', home: this.home }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    this.#primaries.stdout.on('data', (text) => (told += text));
    await waitFor('the primaries to attach', () => {
      if (this.#primaries.exitCode !== null) throw new Error('the primaries have ended');
      return told.includes('attached');
    });
  }

  /** @throws Error when the measured daemon or its apps did not last */
  check() {
    if (this.#daemon?.exitCode !== null || this.#primaries?.exitCode !== null) throw new Error('the daemon or the primaries have ended');
  }
}
