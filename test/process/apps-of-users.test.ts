/**
 * @module-tag light
 * @module-tag root
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startTimeOf } from '../../src/system/processes.ts';
import { makeDoor } from '../../src/system/door.ts';
import { pathsOfUser } from '../../src/system/user-folder.ts';
import { userNamed } from '../../src/system/named-users.ts';
import { makeEvent, type LbEvent } from '../../src/protocol/event.ts';
import { getJson } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { fixture, ROOT } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import { isAlive } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless, expectOnlyResets } from '../helpers/tally.ts';
import { HELLO } from '../protocol/samples.ts';

const NAME = 'lb-test-app';
const GROUP = 'lb-test-extra';
const NUMBER = 47_140;
const CLIENTS = 2;

interface Whoami {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home?: string;
  readonly user?: string;
  readonly logname?: string;
}

const quietly = (command: string, ...args: string[]): void => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
  } catch {
    return;
  }
};

const sandbox = await createSandbox();
chmodSync(sandbox.directory, 0o755);
let uid = 0;
let gid = 0;

beforeAll(() => {
  quietly('groupadd', GROUP);
  quietly('useradd', '--system', '--user-group', '--groups', GROUP, '--home-dir', '/nonexistent', NAME);
  const user = userNamed(NAME);
  if (user === null) throw new Error(`useradd ${NAME} failed`);
  ({ uid, gid } = user);
});
afterAll(() => {
  const place = join(pathsOfUser(sandbox.home, 1).home, '../..');
  rmSync(place, { recursive: true, force: true });
  quietly('userdel', NAME);
  quietly('groupdel', GROUP);
});

const uidOf = (pid: number): number => Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
/** A port that only root may open, unless the machine lets everybody. */
const LOW_PORT = 600 + Math.floor(Math.random() * 400);
const firstFree = (): number => Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'));

it.each([
  ['cluster', ['-i', '2']],
  ['plain', []],
  ['command', []],
] as const)('primary and workers of a %s app run as the user it names, with its groups and variables', async (kind, flags) => {
  const script =
    kind === 'command'
      ? sandbox.writeApp(
          'run.sh',
          `exec ${process.execPath} ${fixture('who-am-i.cjs')}
`,
        )
      : 'who-am-i.cjs';
  const { name, port } = await sandbox.start(script, { instances: null, flags: ['--uid', NAME, ...flags] });
  expect((await sandbox.snapshot(name)).spec.kind).toBe(kind);
  const extra = Number(execFileSync('getent', ['group', GROUP], { encoding: 'utf8' }).split(':')[2]);
  expect(await getJson<Whoami>(port)).toMatchObject({
    uid,
    gid,
    home: '/nonexistent',
    user: NAME,
    logname: NAME,
    groups: expect.arrayContaining([gid, extra]),
  });
  expect(uidOf(await sandbox.primaryPid(name))).toBe(uid);
  // Its files are its own, and reach neither the home nor what root runs.
  const { logs } = pathsOfUser(sandbox.home, uid);
  await getJson(port, '/print');
  const printed = await sandbox.waitFor('the line in its log file', () =>
    readdirSync(logs).find((file) => readFileSync(join(logs, file), 'utf8').includes('printed')),
  );
  expect(statSync(join(logs, printed)).uid).toBe(uid);
  expect((await sandbox.ok('logs', name, '--nostream')).stdout).toContain('printed');
  expect((await sandbox.ok('show', name)).stdout).toContain(`${NAME} (${uid}:${gid})`);
  await sandbox.ok('reload', name, '--monitor', '100');
  if (kind !== 'command') await sandbox.ok('scale', name, '2');
  expect(await getJson<Whoami>(port)).toMatchObject({ uid });
  await sandbox.ok('stop', name);
});

it('a number without an entry works, with no groups but its own; names that do not exist are refused, and so is a change by reload', async () => {
  const { name, port } = await sandbox.start('who-am-i.cjs', { instances: 1, flags: ['--uid', String(NUMBER)] });
  const own = await getJson<Whoami>(port);
  expect(own).toMatchObject({ uid: NUMBER, gid: NUMBER, groups: [NUMBER], home: '/' });
  expect(own.user).toBeUndefined();
  const refused = await sandbox.tryStart('who-am-i.cjs', { flags: ['--uid', 'lb-nobody-of-this-name'] });
  expect([refused.result.code, refused.result.stderr]).toEqual([2, expect.stringContaining('--uid: expected a user of this machine')]);
  const config = join(sandbox.directory, 'lb.config.json');
  writeFileSync(config, JSON.stringify({ apps: [{ name, script: fixture('who-am-i.cjs'), instances: 1, uid: NAME }] }));
  const reload = await sandbox.lb('reload', config);
  expect([reload.code, reload.stderr]).toEqual([1, expect.stringContaining(`it runs as ${NUMBER}:${NUMBER}, and the new definition asks for ${NAME}`)]);
  expect(await getJson<Whoami>(port)).toMatchObject({ uid: NUMBER });
});

it('S44: an app of another user has a port below 1024; kills of its primary and of the daemon lose nothing, and the next daemon adopts it', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { port: LOW_PORT, flags: ['--uid', NAME, '--port', String(LOW_PORT)] });
  const kept = startLoad({ port: LOW_PORT, mode: 'keep-alive', clients: 2 });
  const each = startLoad({ port: LOW_PORT, mode: 'connection-per-request', clients: CLIENTS });
  await each.waitForServed(20);
  await sandbox.waitForApp(name, 'have its sockets kept', (now) => now.socketsKept);
  const primary = await sandbox.primaryPid(name);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  await each.waitForServed(20);
  // It cannot start root's daemon: the next command does.
  await sandbox.ok('list');
  const after = await sandbox.waitForApp(name, 'be adopted', (now) => now.socketsKept && now.ready === 2);
  expect(after.primaryPid).toBe(primary);
  process.kill(primary, 'SIGKILL');
  const next = await sandbox.waitForApp(name, 'have a new primary', (now) => now.ready === 2 && now.primaryPid !== primary);
  expect(uidOf(next.primaryPid ?? 1)).toBe(uid);
  await each.waitForServed(20);
  expectLossless(await kept.stop(), 'keep-alive');
  expectOnlyResets(await each.stop(), CLIENTS, 'connection per request');
  // The sockets of dead primaries are gone.
  expect(readdirSync(join(sandbox.home, 'primaries')).filter((file) => file.endsWith('.door'))).toHaveLength(1);
});

it('the commands of on_event and before_reload run as the user, with its groups, and without a variable that root would act upon', async () => {
  const folder = join(sandbox.directory, 'hooked');
  mkdirSync(folder);
  chownSync(folder, uid, gid);
  const [told, before, loaded] = ['told', 'before', 'loaded'].map((name) => join(folder, name));
  const foe = join(folder, 'foe.cjs');
  writeFileSync(foe, `if (process.getuid() === 0) require('node:fs').writeFileSync(${JSON.stringify(loaded)}, '');`);
  const config = join(folder, 'lb.config.json');
  const app = {
    ...{ name: 'hooked', script: fixture('who-am-i.cjs'), instances: 1, uid: NAME, env: { PORT: await freePort(), NODE_OPTIONS: `--require ${foe}` } },
    ...{ on_event: { run: `id -u >> ${told}; id -G >> ${told}`, kinds: ['ready'] }, before_reload: `id -u > ${before}; id -G >> ${before}` },
  };
  writeFileSync(config, JSON.stringify({ apps: [app] }));
  await sandbox.ok('start', config);
  const [own, ...groups] = execFileSync('id', ['-G', NAME], { encoding: 'utf8' }).trim().split(' ');
  expect(groups).toHaveLength(1);
  const said = `${uid}\n${[own, ...groups].join(' ')}\n`;
  await sandbox.waitFor('the hook to run', () => existsSync(told ?? '') && readFileSync(told ?? '', 'utf8') === said);
  await sandbox.ok('reload', 'hooked', '--monitor', '100');
  expect(readFileSync(before ?? '', 'utf8')).toBe(said);
  expect(existsSync(loaded ?? '')).toBe(false);
});

it('root opens nothing for it but the port in its definition', async () => {
  const port = await freePort();
  await sandbox.start('who-am-i.cjs', { instances: 1, port, flags: ['--uid', NAME, '--port', String(port)] });
  const listen = (at: string | number): Promise<{ readonly code: string }> => getJson(port, `/listen?at=${at}`);
  if (firstFree() > LOW_PORT) expect(await listen(LOW_PORT)).toEqual({ code: 'EACCES' });
  expect(await listen('/run/lb-test-foe.sock')).toEqual({ code: 'EACCES' });
  expect(await listen(`${sandbox.home}/lb.sock`)).toMatchObject({ code: expect.stringMatching(/EACCES|EADDRINUSE/) });
});

const VICTIM = 'only root reads this\n';

it('it can reach nothing of root: sockets, home, program, and files behind links that it plants', async () => {
  const { name, port } = await sandbox.start('who-am-i.cjs', { instances: 1, flags: ['--uid', NAME] });
  const { home: folder, logs } = pathsOfUser(sandbox.home, uid);
  const secret = join(sandbox.directory, 'secret');
  writeFileSync(secret, VICTIM, { mode: 0o600 });
  const [door = ''] = readdirSync(join(sandbox.home, 'primaries')).filter((file) => file.endsWith('.door'));
  const attack = `
    const { connect } = require('node:net'); const fs = require('node:fs');
    const tries = {
      home: () => fs.readdirSync(${JSON.stringify(sandbox.home)}),
      program: () => fs.writeFileSync(${JSON.stringify(join(folder, '../../programs/x'))}, ''),
      folder: () => fs.renameSync(${JSON.stringify(folder)}, ${JSON.stringify(`${folder}.away`)}),
      users: () => fs.writeFileSync(${JSON.stringify(join(folder, '../x'))}, ''),
    };
    for (const [what, run] of Object.entries(tries)) try { run(); console.log(what + ' done'); } catch (error) { console.log(what + ' ' + error.code); }
    for (const path of ${JSON.stringify([sandbox.socket, sandbox.attach, join(sandbox.home, 'primaries', door)])})
      connect(path).on('connect', () => console.log('connected')).on('error', ({ code }) => console.log(code));
    // Log files that lead to files of root.
    for (const file of fs.readdirSync(${JSON.stringify(logs)})) { const path = ${JSON.stringify(logs)} + '/' + file; fs.rmSync(path); fs.symlinkSync(${JSON.stringify(secret)}, path); }
  `;
  await getJson(port, '/print');
  await sandbox.waitFor('its log files', () => existsSync(logs) && readdirSync(logs).length > 0);
  const tried = execFileSync(process.execPath, ['-e', attack], { uid, gid, cwd: '/', env: {}, encoding: 'utf8' }).trim().split('\n');
  expect(tried.slice(0, 4)).toEqual(['home EACCES', 'program EACCES', 'folder EACCES', 'users EACCES']);
  expect(tried.slice(4)).toEqual(['EACCES', 'EACCES', 'EACCES']);
  expect(readlinkSync(join(logs, readdirSync(logs)[0] ?? ''))).toBe(secret);

  expect((await sandbox.lb('logs', name, '--nostream')).stdout, 'no link to a file of root is read').not.toContain('only root');
  const flush = await sandbox.lb('flush', name);
  expect([flush.code, flush.stderr]).toEqual([1, expect.stringContaining('whose files root does not touch')]);
  const profile = await sandbox.lb('report', name, '--output', join(sandbox.directory, 'report.json'));
  expect([profile.code, profile.stderr]).toEqual([1, expect.stringContaining('whose files root does not touch')]);
  await sandbox.ok('logs', name, '--reopen');
  await sandbox.killPrimary(name);
  await sandbox.ok('stop', name);
  expect([readFileSync(secret, 'utf8'), lstatSync(secret).uid]).toEqual([VICTIM, 0]);
});

it('a primary in the hands of its user makes root kill nothing, start nothing, and open no other port', async () => {
  const { name } = await sandbox.start('who-am-i.cjs', { instances: 1, flags: ['--uid', NAME] });
  const { spec, ...snapshot } = await sandbox.snapshot(name);
  const { body } = await sandbox.control('GET', `/v1/apps/${name}/env`).then(({ text }) => ({ body: JSON.parse(text) as { env: Record<string, string> } }));
  const full = { ...spec, env: body.env };
  const primary = await sandbox.primaryPid(name);
  const victim = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void victim.kill('SIGKILL'));
  const marker = join(sandbox.directory, 'root-was-here');
  const evil = {
    ...full,
    user: null,
    interpreter: join(sandbox.directory, 'evil'),
    port: LOW_PORT,
    onEvent: { run: `id > ${marker}`, url: null, kinds: null, severity: 'info' },
  };
  writeFileSync(evil.interpreter, `#!/bin/sh\nid > ${marker}\n`, { mode: 0o755 });
  const workers = snapshot.workers.map((worker) => ({ ...worker, pid: victim.pid }));
  const forged = { ...snapshot, workers, spec: evil };
  const asked = { type: 'bind', app: name, address: null, addressType: 4, flags: 0 };
  const lines = [
    {
      ...HELLO,
      name: full.name,
      pid: 'PID',
      startTime: 'START',
      version: '0.1.0',
      apps: [
        { spec: evil, snapshot: forged },
        { spec: { ...evil, name: 'planted' }, snapshot: { ...forged, name: 'planted' } },
      ],
    },
    { type: 'redefined', app: name, spec: evil, snapshot: forged },
    { type: 'stats', app: name, stats: forged },
    { ...asked, key: 'a', port: 22 },
    { ...asked, key: 'b', port: LOW_PORT },
    { type: 'event', app: name, event: makeEvent(name, Date.now(), 'log', 'forged') },
  ];
  const file = join(sandbox.directory, 'forged.ndjson');
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  const { primaries } = pathsOfUser(sandbox.home, uid);
  process.kill(await sandbox.daemonPid(), 'SIGKILL');
  process.kill(primary, 'SIGKILL');

  const door = makeDoor(join(sandbox.home, 'primaries'), name);
  const foe = spawn(process.execPath, [join(ROOT, 'test/helpers/forged-primary-child.cjs'), file], {
    uid,
    gid,
    cwd: '/',
    env: {},
    stdio: ['ignore', 'pipe', 'inherit', door.fd],
  });
  onTestFinished(() => void foe.kill('SIGKILL'));
  let heard = '';
  foe.stdout?.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  const foePid = foe.pid ?? 0;
  const foeId = { pid: foePid, startTime: startTimeOf(foePid) ?? 0 };
  door.give(foeId);
  writeFileSync(join(sandbox.home, 'primaries', `${name}.json`), JSON.stringify({ version: 1, ...foeId, apps: [name] }));
  await sandbox.waitFor('the foe to listen', () => heard.includes('listening'));
  mkdirSync(primaries, { recursive: true });
  chownSync(primaries, uid, gid);
  const left = join(primaries, `${name}.${foePid}.commands`);
  writeFileSync(
    left,
    JSON.stringify({ version: 1, commands: [{ pid: victim.pid, startTime: startTimeOf(victim.pid ?? 0), killSignal: 'SIGKILL', killTimeoutMs: 0 }] }),
  );
  chownSync(left, uid, gid);

  await sandbox.ok('list');
  await sandbox.waitFor('the daemon to answer it', () => heard.includes('welcome') && (heard.match(/unbound/g)?.length ?? 0) === 2);
  expect((await sandbox.ok('list')).stdout).not.toContain('planted');
  expect((await sandbox.ok('show', name)).stdout).toContain(`${NAME} (${uid}:${gid})`);
  foe.kill('SIGKILL');
  const next = await sandbox.waitForApp(
    name,
    'have a real primary',
    (now) => now.ready === 1 && now.primaryPid !== null && now.primaryPid !== foePid && now.primaryPid !== primary,
  );
  expect(uidOf(next.primaryPid ?? 1)).toBe(uid);
  expect(next.spec).toMatchObject({ user: { uid }, interpreter: null, onEvent: null });
  const events = (await sandbox.ok('events', '--json')).stdout.split('\n').filter((line) => line !== '');
  expect(events.map((line) => (JSON.parse(line) as LbEvent).message)).toContain('forged');
  await sandbox.ok('stop', name);
  expect([existsSync(marker), isAlive(victim.pid ?? 0)], 'root ran nothing, and ended no process of its own').toEqual([false, true]);
});
