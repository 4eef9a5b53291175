/** @module-tag light */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WORKER_PROTOCOL } from '../../src/protocol/version.ts';
import { MARK, WORKER_SETTINGS_VAR, type FromWorker, type ToWorker, type Unmarked, type WorkerSettings } from '../../src/protocol/worker.ts';
import { ROOT } from '../helpers/paths.ts';

const BUNDLE = join(ROOT, 'dist/worker/preload.cjs');
const SETTINGS: WorkerSettings = { protocol: WORKER_PROTOCOL, role: 'plain', app: 'api', nodeOptions: null, killTimeoutMs: 5_000, restartDaemon: null };

/** A plain worker of an app with this text, whose primary is the test. */
function startWorker(text: string, preloadText = readFileSync(BUNDLE, 'utf8')): ChildProcess {
  const directory = mkdtempSync(join(tmpdir(), 'lb-preload-'));
  const [preload, app] = [join(directory, 'preload.cjs'), join(directory, 'app.cjs')];
  writeFileSync(preload, preloadText);
  writeFileSync(app, text);
  const env = { PATH: process.env['PATH'], PRELOAD: preload, [WORKER_SETTINGS_VAR]: JSON.stringify(SETTINGS) };
  const worker = fork(app, { execArgv: ['--require', preload], env });
  onTestFinished(() => {
    worker.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  return worker;
}

const isFromWorker = (raw: unknown): raw is FromWorker => typeof raw === 'object' && raw !== null && 'cmd' in raw && raw.cmd === MARK;

function message<K extends FromWorker['t']>(worker: ChildProcess, kind: K): Promise<Extract<FromWorker, { readonly t: K }>> {
  return new Promise((resolve) => {
    worker.on('internalMessage', (raw: unknown) => {
      if (isFromWorker(raw) && raw.t === kind) resolve(raw as Extract<FromWorker, { readonly t: K }>);
    });
  });
}

const order = (worker: ChildProcess, given: Unmarked<ToWorker>): boolean => worker.send({ cmd: MARK, ...given });

it('all of its code is in memory: a worker drains though an upgrade has removed the file before the app listened', async () => {
  const worker = startWorker(`
    require('node:fs').rmSync(process.env.PRELOAD);
    require('node:http').createServer().listen(0);
  `);
  const draining = message(worker, 'draining');
  const { seq } = await message(worker, 'listen');
  order(worker, { t: 'listening', seq, errno: 0, name: { address: '::', port: 1, family: 'IPv6' } });
  order(worker, { t: 'drain' });
  expect(await draining).toMatchObject({ quiet: true, blockers: { connections: 0 } });
});

it("the app's script waits for no module of Node.js but that of the cluster, which every server loads", async () => {
  const app = `process.send(process.moduleLoadList.slice())`;
  const loadedBy = (worker: ChildProcess): Promise<readonly string[]> => new Promise((resolve) => worker.once('message', resolve));
  const [plain, ours] = await Promise.all([loadedBy(startWorker(app, '')), loadedBy(startWorker(app))]);
  const more = ours.filter((name) => !plain.includes(name));
  expect(more).toContain('NativeModule cluster');
  expect(more.filter((name) => !/^NativeModule (internal\/)?cluster/.test(name))).toEqual([]);
});
