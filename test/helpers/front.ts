import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Runs a proxy in the foreground until the test ends. @returns what it printed so far */
function runInFront(command: string, args: readonly string[], directory: string): () => string {
  const proxy = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [proxy.stdout, proxy.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  onTestFinished(async () => {
    const exited = proxy.exitCode === null ? once(proxy, 'exit') : undefined;
    proxy.kill('SIGTERM');
    await exited;
  });
  return () => printed;
}

/** HAProxy with this configuration file. */
export const runHaproxy = (path: string, file: string, directory: string): (() => string) => runInFront(path, ['-db', '-f', file], directory);

/** nginx with this file in its http block. */
export function runNginx(path: string, file: string, directory: string): () => string {
  const own = join(directory, 'nginx');
  mkdirSync(own, { recursive: true });
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${own}/${kind};`).join(' ');
  const main = join(own, 'nginx.conf');
  writeFileSync(main, `daemon off; pid ${own}/nginx.pid; events {} http { access_log off; ${scratch} include ${file}; }\n`);
  return runInFront(path, ['-c', main, '-p', own, '-e', 'stderr'], directory);
}
