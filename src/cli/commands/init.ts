import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findConfigFile } from '../../config/index.ts';
import { findScript } from '../../config/script.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';

const FILE = 'lb.config.js';
/** Where servers usually are, the most likely first. */
const LIKELY_SCRIPTS = ['.', 'server.js', 'app.js', 'index.js', 'src/server.js', 'src/index.js', 'dist/main.js', 'dist/index.js'];

export const init: Command = {
  operands: '',
  description: `Writes a commented ${FILE} into the current directory. Refuses if there is a config file already.`,
  options: [],
  exits: ['failed'],
  examples: ['lb init && lb start'],
  run,
};

async function run({ io, print, note, silent }: Context): Promise<number> {
  const path = join(io.cwd, FILE);
  const existing = findConfigFile(io.cwd);
  if (existing !== undefined || existsSync(path)) {
    throw new LbError('LB_ERR_USAGE', { problem: `${existing ?? path} is there already, and nothing was written; edit it, or remove it first` });
  }
  const script = await likelyScript(io.cwd);
  writeFileSync(path, configText(script ?? 'server.js'), { flag: 'wx' });
  if (!silent) print(`${FILE} was written; next: lb start`);
  if (script === null) note(`no script was found here; set "script" in ${FILE}`);
  return EXIT.ok;
}

async function likelyScript(cwd: string): Promise<string | null> {
  for (const script of LIKELY_SCRIPTS) if ((await findScript(script, cwd)) !== undefined) return script;
  return null;
}

/** CommonJS runs in packages of either type. */
const configText = (script: string): string => `// Start with "lb start", put changes in place with "lb reload ${FILE}".
// Every option is explained in docs/configuration.md.
module.exports = {
  apps: [
    {
      name: 'app',
      // A file, a directory, or a command such as "npm start".
      script: '${script}',

      // Workers that share the port: a number, or 'max' for one per CPU. Without it, one plain process.
      // instances: 'max',

      env: {
        // PORT: 3000,
      },
      // Added with "lb start --env production".
      env_production: {
        NODE_ENV: 'production',
      },

      // A worker above this is replaced, the new one first.
      // max_memory_restart: '500M',

      // Time to finish requests before a worker is killed.
      // kill_timeout: '30s',

      // Checked every few seconds; unhealthy workers get no connections.
      // health: '/healthz',
    },
  ],
};
`;
