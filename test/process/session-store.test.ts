/** @module-tag light */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needsPackage } from '../helpers/debian-package.ts';
import { getJson, request, type Answer } from '../helpers/http.ts';
import { ROOT } from '../helpers/paths.ts';
import { REDIS_SERVER, startRedis } from '../helpers/redis.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const script = join(ROOT, 'examples/express-session-redis/server.js');
const WORKERS = 4;

interface Session {
  readonly user: string | null;
  readonly pid: number;
}

const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

const sorted = (pids: readonly number[]): number[] => [...pids].sort((a, b) => a - b);
const pidsOf = (seen: readonly Session[]): number[] => sorted([...new Set(seen.map(({ pid }) => pid))]);
const usersOf = (seen: readonly Session[]): (string | null)[] => [...new Set(seen.map(({ user }) => user))];

/** Asks, each time on a new connection, until every worker has answered; returns who they take the client for. */
async function usersKnownToAll(name: string, port: number, cookie: string): Promise<(string | null)[]> {
  const workers = sorted(await sandbox.workerPids(name));
  expect(workers).toHaveLength(WORKERS);
  const seen: Session[] = [];
  while (pidsOf(seen).length < WORKERS && seen.length < 100) seen.push(await getJson<Session>(port, '/', { headers: { cookie } }));
  expect(pidsOf(seen)).toEqual(workers);
  return usersOf(seen);
}

it('a login on one worker is known on all others, and outlives them', async (context) => {
  const env = { REDIS_SOCKET: await startRedis(needsPackage(context, REDIS_SERVER), sandbox.directory) };
  const { name, port } = await sandbox.start(script, { instances: WORKERS, env });
  const old = await sandbox.workerPids(name);

  const login = await request('/login/ada', { port, method: 'POST' });
  const cookie = cookieOf(login);
  expect(JSON.parse(login.body)).toMatchObject({ user: 'ada' });
  expect(await usersKnownToAll(name, port, cookie)).toEqual(['ada']);
  expect(await usersKnownToAll(name, port, '')).toEqual([null]);

  let reloading = true;
  const reload = sandbox.ok('reload', name, '--monitor', '100').finally(() => (reloading = false));
  const during: Session[] = [];
  while (reloading) during.push(await getJson<Session>(port, '/', { headers: { cookie } }));
  await reload;
  expect(usersOf(during)).toEqual(['ada']);
  expect((await sandbox.workerPids(name)).filter((pid) => old.includes(pid))).toEqual([]);
  expect(await usersKnownToAll(name, port, cookie)).toEqual(['ada']);

  expect((await request('/logout', { port, method: 'POST', headers: { cookie } })).status).toBe(204);
  expect(await usersKnownToAll(name, port, cookie)).toEqual([null]);
});
