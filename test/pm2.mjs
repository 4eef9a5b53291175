// Installs the PM2 that the tests of `lb migrate` move apps from, from the npm registry, outside the project. It is only ever executed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = join(tmpdir(), 'lb-test-pm2');
if (!existsSync(join(prefix, 'node_modules', 'pm2', 'bin', 'pm2'))) {
  mkdirSync(prefix, { recursive: true });
  const args = ['install', '--prefix', prefix, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', 'pm2@7'];
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('PM2 could not be installed from the npm registry');
}
