import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LoadedConfig } from '../../src/config/load-file.ts';
import type { ErrorRecord } from '../../src/errors/lb-error.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = `
import { loadConfigFile } from './src/config/load-file.ts';
process.on('message', async ({ id, file, label }) => {
  const answer = await loadConfigFile(file, label).then((loaded) => ({ loaded }), (error) => ({ error: error.toRecord?.() ?? { code: 'none', message: String(error) } }));
  process.send({ id, ...answer });
});
process.on('disconnect', () => process.exit());
`;

export type Answer = { readonly loaded: LoadedConfig } | { readonly error: ErrorRecord };

/** Loads config files in a plain Node process, because the test runner imports modules by rules of its own. */
export class NodeLoader {
  readonly #directory: string;
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(directory: string, program: string) {
    this.#directory = directory;
    this.#child = fork(program, { execArgv: [], env: { PATH: process.env['PATH'] } });
    this.#child.setMaxListeners(0);
  }

  static async start(): Promise<NodeLoader> {
    // Inside node_modules, from where the bundle finds yaml and jiti.
    const cache = join(REPOSITORY, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    const directory = mkdtempSync(join(cache, 'lb-loader-'));
    const outfile = join(directory, 'config', 'loader.mjs');
    const stdin = { contents: PROGRAM, resolveDir: REPOSITORY, loader: 'js' } as const;
    const common = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'warning' } as const;
    await build({ ...common, stdin, outfile });
    // The public API stands beside the folder `config`, as it does in the package.
    await build({ ...common, entryPoints: [join(REPOSITORY, 'src/config/define-config.ts')], outfile: join(directory, 'index.mjs') });
    return new NodeLoader(directory, outfile);
  }

  load(file: string, label: string): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the loader ended with ${code}`));
      const onMessage = (message: unknown): void => {
        const answer = message as Answer & { readonly id: number };
        if (answer.id !== id) return;
        this.#child.off('message', onMessage).off('exit', onExit);
        resolve(answer);
      };
      this.#child.on('message', onMessage).on('exit', onExit);
      this.#child.send({ id, file, label });
    });
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.#child.once('exit', resolve);
      this.#child.disconnect();
    });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
