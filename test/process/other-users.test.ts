/**
 * @module-tag light
 * @module-tag root
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { LbEvent } from '../../src/protocol/event.ts';
import { getJson } from '../helpers/http.ts';
import { fixture } from '../helpers/paths.ts';
import { freePort } from '../helpers/ports.ts';
import type { LbResult, UserIds } from '../helpers/run-lb.ts';
import { createSandbox } from '../helpers/sandbox.ts';

/** What one user tries against another, on the same machine. */
const VICTIM: UserIds = { uid: 47_120, gid: 47_120 };
const FOE: UserIds = { uid: 47_121, gid: 47_121 };

const sandbox = await createSandbox(VICTIM);
/** An app of the victim that is up at once. */
const APP = [fixture('plain-http.cjs'), '-n', 'own', '-i', '1'] as const;
const PORT = String(await freePort());

/** A directory that belongs to somebody, with this mode. */
function directory(name: string, { uid, gid }: UserIds, mode: number): string {
  const path = join(sandbox.directory, name);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return path;
}

/** A program of the foe, once it has printed its first line. */
async function foe(source: string): Promise<{ readonly child: ChildProcess; readonly lines: () => string[] }> {
  const child = spawn(process.execPath, ['-e', source], { ...FOE, cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await sandbox.waitFor('the foe to begin', () => text.includes('\n'));
  return { child, lines: () => text.split('\n').filter((line) => line !== '') };
}

interface Answered {
  readonly port: number;
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

/** Asks every new port of the victim for its inspector, as fast as it can. */
const ASK_NEW_PORTS = `
  const http = require('node:http');
  const { readFileSync } = require('node:fs');
  const listening = () => readFileSync('/proc/net/tcp', 'latin1').split('\\n').flatMap((line) => {
    const [, local, , state, , , , uid] = line.trim().split(/\\s+/);
    return state === '0A' && uid === '${VICTIM.uid}' ? [Number.parseInt(local.split(':')[1], 16)] : [];
  });
  const known = new Set(listening());
  const ask = (port, path, headers) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false });
    const answered = (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk)).on('end', () => console.log(JSON.stringify({ port, path, status: response.statusCode, body })));
    };
    request.on('response', answered).on('upgrade', (response, socket) => (answered(response), socket.destroy(), response.emit('end'))).on('error', () => {});
  };
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  const look = () => {
    for (const port of listening()) {
      if (known.has(port)) continue;
      known.add(port);
      for (const path of ['/json/version', '/json/list', '/json']) ask(port, path);
      for (const path of ['/', '/00000000-0000-0000-0000-000000000000']) ask(port, path, upgrade);
    }
    setImmediate(look);
  };
  console.log('{}');
  look();
`;

it('cannot attach to the inspector of a hung worker, of either kind', async () => {
  const flags = ['--hang-timeout', '3s'];
  const [cluster, plain] = await Promise.all([
    sandbox.start('hang-on-request.cjs', { instances: 1, flags }),
    sandbox.start('hang-on-request.cjs', { instances: 1, flags: [...flags, '--exec-mode', 'fork'] }),
  ]);
  const attack = await foe(ASK_NEW_PORTS);
  for (const { name, port } of [cluster, plain]) {
    const { pid } = await getJson(port, '/hang?in=loop');
    const { lastExits } = await sandbox.waitForApp(
      name,
      'have replaced it',
      ({ workers, ready }) => ready === 1 && !workers.some((worker) => worker.pid === pid),
    );
    expect(lastExits[0]?.cause, 'its stack was taken through the inspector').toMatch(/in `spin`/);
    expect(sandbox.logFiles().get(`${name}-error.log`)?.toString() ?? '').not.toContain('ws://');
  }
  const answers = attack
    .lines()
    .slice(1)
    .map((line) => JSON.parse(line) as Answered);
  // The app listens where it did before: every new port is an inspector's.
  expect(new Set(answers.map(({ port }) => port)).size, 'the foe was in time').toBe(2);
  const statuses = (isUpgrade: boolean): Set<number> =>
    new Set(answers.filter(({ path }) => path.startsWith('/json') !== isUpgrade).map(({ status }) => status));
  expect([...statuses(false)], JSON.stringify(answers)).toEqual([404]);
  expect([...statuses(true)], 'nor by a path that is guessed').not.toContain(101);
});

const MARKER = join(sandbox.directory, 'foe-was-here');

/** The state of a daemon that runs a script of the foe. */
function plantState(home: string): void {
  const script = join(sandbox.directory, 'foe', 'planted.cjs');
  directory('foe', FOE, 0o755);
  writeFileSync(script, `require('node:fs').writeFileSync(${JSON.stringify(MARKER)}, ''); setInterval(() => {}, 1000);`);
  writeFileSync(join(home, 'state.json'), JSON.stringify({ version: 1, apps: [{ desired: 'running', spec: { name: 'planted', script } }] }));
  chownSync(join(home, 'state.json'), FOE.uid, FOE.gid);
}

it('cannot put anything into a home, or a home into the place of another', async () => {
  const startIn = (home: string): Promise<LbResult> => sandbox.lbWith({ env: { LB_HOME: home, PORT } }, 'start', ...APP);
  const refused = async (home: string, reason: string, hint: string): Promise<void> => {
    const started = await startIn(home);
    expect(started.code, String(started)).toBe(4);
    expect(started.stderr.replaceAll(/\n */g, ' ')).toContain(`${reason} hint: ${hint}`);
  };

  const open = directory('open', VICTIM, 0o777);
  plantState(open);
  await refused(open, `LB_HOME ${open} cannot be used: other users can write to it (mode 0777)`, `run: chmod go-w ${open}`);
  expect((await sandbox.lbWith({ env: { LB_HOME: open } }, 'list')).code, 'reading is refused as well').toBe(4);
  chmodSync(open, 0o700);
  await refused(open, `${open}/state.json belongs to user ${FOE.uid}, who must have put it there`, 'others could once write to this directory');
  expect(existsSync(MARKER)).toBe(false);

  const important = join(sandbox.directory, 'important');
  writeFileSync(important, 'mine', { mode: 0o600 });
  chownSync(important, VICTIM.uid, VICTIM.gid);
  const linked = directory('linked', VICTIM, 0o700);
  symlinkSync(important, join(linked, 'daemon.log'));
  lchownSync(join(linked, 'daemon.log'), FOE.uid, FOE.gid);
  await refused(linked, `${linked}/daemon.log belongs to user ${FOE.uid}, who must have put it there`, 'others');
  lchownSync(join(linked, 'daemon.log'), VICTIM.uid, VICTIM.gid);
  // The log goes nowhere: no app depends on it.
  expect((await startIn(linked)).code).toBe(0);
  chmodSync(linked, 0o777);
  expect((await sandbox.lbWith({ env: { LB_HOME: linked } }, 'list')).code, 'also of a daemon that runs').toBe(4);
  chmodSync(linked, 0o700);
  expect((await sandbox.lbWith({ env: { LB_HOME: linked } }, 'kill')).code).toBe(0);
  expect(readFileSync(important, 'utf8'), 'no link is followed').toBe('mine');

  const shared = directory('shared', { uid: 0, gid: 0 }, 0o777);
  await refused(join(shared, 'home'), `everybody can write to ${shared}, and replace what is in it (mode 0777)`, `run: sudo chmod +t ${shared}`);
  await refused(directory('foreign', FOE, 0o755), `it belongs to user ${FOE.uid}, this is user ${VICTIM.uid}`, 'run: sudo mv');
  await refused(join(directory('above', FOE, 0o755), 'home'), `belongs to user ${FOE.uid}`, 'run: LB_HOME=');
});

const LOCK_NAME = new RegExp(`@(lb-${VICTIM.uid}-\\S+)`, 'g');
const lockNames = (): string[] => [...readFileSync('/proc/net/unix', 'latin1').matchAll(LOCK_NAME)].map(([, name = '']) => name);

it('cannot keep a daemon from starting by taking its names', async () => {
  const home = join(sandbox.directory, 'with a long path '.repeat(8));
  const lb = (...words: string[]): Promise<LbResult> => sandbox.lbWith({ env: { LB_HOME: home, PORT } }, ...words);
  const folders = (): string[] => readdirSync('/tmp').filter((name) => name.startsWith(`lb-${VICTIM.uid}-`));
  const ok = async (...words: string[]): Promise<LbResult> => {
    const result = await lb(...words);
    expect(result.code, String(result)).toBe(0);
    return result;
  };
  onTestFinished(() => {
    for (const name of folders()) rmSync(join('/tmp', name), { recursive: true });
  });
  // The daemon of another home has one as well.
  const others = lockNames();
  await ok('start', ...APP);
  const [name = ''] = lockNames().filter((held) => !others.includes(held));
  const [folder = ''] = folders();
  expect(statSync(join('/tmp', folder)).uid).toBe(VICTIM.uid);
  await ok('kill');

  await sandbox.waitFor('the lock to be free', () => !lockNames().includes(name));
  rmSync(join('/tmp', folder), { recursive: true });
  await foe(`
    require('node:fs').mkdirSync(${JSON.stringify(join('/tmp', folder))});
    require('node:net').createServer().listen('\\0' + ${JSON.stringify(name)}, () => console.log('taken'));
  `);
  await ok('start', 'own');
  expect((await ok('list')).stdout).toMatch(/own +[\d,-]+ +online/);
  const events = (await ok('events', '--json')).stdout.split('\n').filter((line) => line !== '');
  const said = events.map((line) => JSON.parse(line) as LbEvent).filter(({ kind }) => kind === 'name-taken');
  expect(said.map(({ message }) => message)).toEqual([
    expect.stringContaining(`another user has taken /tmp/${folder}`),
    expect.stringContaining('the name of the lock'),
  ]);
  expect((await lb('run', APP[0])).stderr, 'the lock holds all the same').toContain('already running');
  await ok('kill');
});

it('a volume for a group is a place for a home; without a home directory there is another one, said once', async () => {
  const group = 47_130;
  const volume = directory('volume', { uid: 0, gid: group }, 0o2770);
  const user = { uid: VICTIM.uid, gid: group };
  const inVolume = { user, env: { LB_HOME: volume, PORT } };
  expect((await sandbox.lbWith(inVolume, 'start', ...APP)).code).toBe(0);
  const home = join(volume, `lb-${VICTIM.uid}`);
  expect([statSync(home).mode & 0o777, statSync(home).uid, statSync(volume).mode & 0o7777]).toEqual([0o700, VICTIM.uid, 0o2770]);
  expect((await sandbox.lbWith(inVolume, 'list')).stdout).toMatch(/own +[\d,-]+ +online/);
  expect((await sandbox.lbWith(inVolume, 'kill')).code).toBe(0);

  const nowhere = { env: { HOME: '/nonexistent', LB_HOME: '', PORT } };
  const spare = `/dev/shm/lb-${VICTIM.uid}`;
  onTestFinished(() => rmSync(spare, { recursive: true, force: true }));
  const start = await sandbox.lbWith(nowhere, 'start', ...APP);
  expect(start.code, String(start)).toBe(0);
  expect(start.stderr).toContain(`LB_HOME is ${spare} (/nonexistent/.lb: / is not writable; `);
  expect((await sandbox.lbWith(nowhere, 'list')).stdout).toMatch(/own +[\d,-]+ +online/);
  expect((await sandbox.lbWith(nowhere, 'kill')).code).toBe(0);
  expect((await sandbox.lbWith(nowhere, 'start', 'own')).stderr, 'said once').not.toContain('LB_HOME is');
  expect((await sandbox.lbWith(nowhere, 'kill')).code).toBe(0);
});
