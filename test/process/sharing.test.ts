/**
 * @module-tag light
 * @module-tag root
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { groupNamed } from '../../src/system/named-users.ts';
import { getJson } from '../helpers/http.ts';
import { fixture, LB_PROGRAM } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { Sandbox } from '../helpers/sandbox.ts';

const GROUP = 'users';
const gid = groupNamed(GROUP)?.gid ?? 0;

const sandbox = new Sandbox();
const port = await freePort();
const socket = join(sandbox.directory, 'run', 'lb', 'lb.sock');

interface Person {
  readonly uid: number;
  readonly gid: number;
  readonly env?: Readonly<Record<string, string>>;
}

const home = (name: string): string => join(sandbox.directory, name);
const APP: Person = { uid: 47_110, gid, env: { HOME: home('app') } };
const MEMBER: Person = { uid: 47_111, gid, env: { HOME: home('member'), LB_SOCKET: socket, PORT: String(port) } };
const OUTSIDER: Person = { uid: 47_112, gid: 47_112, env: { HOME: home('outsider'), LB_SOCKET: socket } };
const ROOT: Person = { uid: 0, gid: 0, env: { HOME: home('root') } };

function lb({ uid, gid: group, env }: Person, ...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { PATH = '' } = sandbox.env;
  const options = { uid, gid: group, env: { PATH, NO_COLOR: '1', ...env }, cwd: '/', encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [LB_PROGRAM, ...args], options);
  return { code: status, out: stdout, err: stderr.replaceAll(/\n */g, ' ') };
}

function ok(person: Person, ...args: string[]): string {
  const { code, out, err } = lb(person, ...args);
  if (code !== 0) throw new Error(`lb ${args.join(' ')}: ${code} ${err}`);
  return out;
}

const modeOf = (path: string): string => `${(statSync(path).mode & 0o777).toString(8)} ${statSync(path).uid} ${statSync(path).gid}`;

afterAll(async () => {
  lb(APP, 'delete', 'all', '--now');
  lb(APP, 'kill');
  await sandbox.dispose();
});

it('several people, one daemon', async () => {
  chmodSync(sandbox.directory, 0o755);
  for (const [name, { uid, gid: group }] of Object.entries({ app: APP, run: APP, member: MEMBER, outsider: OUTSIDER, root: ROOT })) {
    mkdirSync(home(name), { mode: 0o755 });
    chownSync(home(name), uid, group);
  }
  ok(APP, 'start', fixture('never-listens.mjs'), '-n', 'own');

  const asRoot = lb(ROOT, 'list');
  expect(asRoot.code, asRoot.err).toBe(0);
  expect(asRoot.err).toMatch(
    /no daemon is running for .*\/root\/\.lb; .* a daemon of user "#47110" \(pid \d+\) is running; for its apps: sudo -u '#47110' env LB_HOME=.*\/app\/\.lb lb list/,
  );
  expect(lb(ROOT, 'reload', 'own')).toMatchObject({ code: 4, err: expect.stringContaining('a daemon of user "#47110"') as string });

  expect(lb(MEMBER, 'list')).toMatchObject({ code: 4, err: expect.stringContaining('no daemon listens on it') as string });
  expect(ok(APP, 'share', '--group', GROUP, '--socket', socket)).toContain(`LB_SOCKET=${socket} lb list`);
  expect([modeOf(join(socket, '..')), modeOf(socket), modeOf(join(home('app'), '.lb'))]).toEqual([`750 47110 ${gid}`, `660 47110 ${gid}`, `700 47110 ${gid}`]);
  expect(lb(OUTSIDER, 'list')).toMatchObject({ code: 4, err: expect.stringContaining('permission denied; you are not in its group') as string });

  expect(ok(MEMBER, 'start', fixture('plain-http.cjs'), '-n', 'web')).toContain(`listening on *:${port}`);
  const { pid } = await getJson(port);
  expect(statSync(`/proc/${pid}`).uid, 'runs as the user of the daemon').toBe(APP.uid);
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('LB_SOCKET');
  expect(ok(MEMBER, 'show', 'web'), 'logs are in its home').toContain(join(home('app'), '.lb', 'logs', 'web-out.log'));
  expect(existsSync(join(home('member'), '.lb')), 'the member has no home of its own').toBe(false);

  ok(APP, 'kill');
  expect(existsSync(socket)).toBe(false);
  expect(lb(MEMBER, 'start', 'web')).toMatchObject({ code: 4, err: expect.stringContaining('no daemon listens on it') as string });
  ok(APP, 'start', 'web');
  expect(ok(MEMBER, 'list'), 'after a restart of the daemon').toMatch(/web +[\d,-]+ +online/);
  expect(ok(APP, 'share', '--off')).toBe('no socket is shared\n');
  expect(lb(MEMBER, 'list').code).toBe(4);
  expect(lb(APP, 'share', '--group', GROUP, '--socket', '/run/lb.sock')).toMatchObject({
    code: 1,
    err: expect.stringContaining('/run belongs to user 0') as string,
  });
  expect(lb(APP, 'share', '--group', 'no-such-group-here').code).toBe(3);
});
