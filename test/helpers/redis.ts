import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { waitFor } from './wait.ts';

const NEEDS_REDIS = 'needs the Debian package redis-server: apt-get install redis-server';

/** Skips the test, and says why, where there is no Redis server. */
export function skipWithoutRedis({ task, skip }: TestContext): void {
  if (spawnSync('redis-server', ['--version']).status === 0) return;
  console.warn(`${task.name}: ${NEEDS_REDIS}`);
  skip(NEEDS_REDIS);
}

/** Starts a Redis server that stores nothing on disk and ends with the test; returns the path of its Unix socket. */
export async function startRedis(directory: string): Promise<string> {
  const socket = join(directory, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', options, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
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
