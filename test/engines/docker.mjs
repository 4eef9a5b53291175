/** Docker in namespaces of its own, of which nothing is left afterwards. Needs root, and Debian's docker.io. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const SOCKET = 'unix:///run/lb-engines.sock';

export const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });
export const docker = (...args) => run('docker', ['-H', SOCKET, ...args]).trim();

/** @param tools by the package that has them */
export function requireTools(tools) {
  const missing = Object.entries(tools).flatMap(([name, debian]) => (spawnSync('which', [name]).status === 0 ? [] : [debian]));
  if (process.getuid() !== 0) throw new Error('npm run engines needs root');
  if (missing.length > 0) throw new Error(`missing: apt-get install ${[...new Set(missing)].join(' ')}`);
}

/** Runs a file again, with `--inside`, in namespaces of its own. */
export function inNamespaces(file) {
  const words = ['-m', '-n', '-p', '-i', '-u', '--fork', '--kill-child', process.execPath, file, '--inside', ...process.argv.slice(2)];
  const { status } = spawnSync('unshare', words, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

export async function startDocker() {
  run('mount', ['--make-rprivate', '/']);
  run('mount', ['-t', 'proc', 'proc', '/proc']);
  for (const path of ['/run', '/var/lib/docker']) {
    mkdirSync(path, { recursive: true });
    run('mount', ['-t', 'tmpfs', 'tmpfs', path]);
  }
  run('ip', ['link', 'set', 'lo', 'up']);
  const flags = ['-H', SOCKET, '--bridge=none', '--iptables=false', '--ip6tables=false', '--log-level=error'];
  const daemon = spawn('dockerd', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  daemon.stderr.on('data', (chunk) => (said += chunk));
  for (let tries = 0; spawnSync('docker', ['-H', SOCKET, 'info']).status !== 0; tries++) {
    if (daemon.exitCode !== null || tries > 100) throw new Error(`dockerd did not start: ${said}`);
    await sleep(200);
  }
  return daemon;
}

export async function stopDocker(daemon, containers) {
  spawnSync('docker', ['-H', SOCKET, 'rm', '-f', ...containers]);
  daemon.kill('SIGTERM');
  await new Promise((resolve) => daemon.once('exit', resolve));
}

/** Copies the built `lb`, with what it needs of node_modules. */
export function copyLb(to) {
  const needed = run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: ROOT }).trim().split('\n').slice(1);
  for (const path of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, path), join(to, path), { recursive: true });
  for (const path of needed) cpSync(path, join(to, path.slice(ROOT.length)), { recursive: true });
}
