import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { debianPackage } from './debian-package.ts';
import { waitFor } from './wait.ts';

export const REDIS_SERVER = debianPackage('redis-server', 'redis-server');

/** Starts a Redis server that stores nothing on disk and ends with the test; returns the path of its Unix socket. */
export async function startRedis(program: string, directory: string): Promise<string> {
  const socket = join(directory, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--save', '', '--appendonly', 'no'];
  const server = spawn(program, options, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  onTestFinished(async () => {
    if (server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
  });
  await waitFor('Redis to accept connections', () => /ready to accept connections/i.test(output) && existsSync(socket), { context: () => output });
  return socket;
}
