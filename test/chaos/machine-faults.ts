import { chmodSync, existsSync, mkdirSync, openSync, closeSync, renameSync, rmSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getJson } from '../helpers/http.ts';
import { isAlive } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait.ts';
import { skipped, until, type Perform } from './perform.ts';
import { quiet, unmount } from './world.ts';

const REPLACED_MS = 30_000;
const FILLER_BYTES = 256 * 1024;

const isRoot = process.getuid?.() === 0;

/** No file can be created or opened for writing; what is open stays so. */
const homeUnwritable: Perform = async ({ sandbox, hasOwnDisk }, { value }) => {
  const { home } = sandbox;
  if (isRoot && !hasOwnDisk) return skipped('root may write everywhere, and cannot mount here');
  if (!isRoot) chmodSync(home, 0o500);
  else if (!quiet('mount', '--bind', home, home) || !quiet('mount', '-o', 'remount,bind,ro', home)) return skipped('the home cannot be mounted read-only');
  return until(async () => {
    await delay(Number(value));
    if (isRoot) unmount(home);
    else chmodSync(home, 0o700);
    return 'writable again';
  });
};

const logUnwritable: Perform = async ({ sandbox }, { value }) => {
  const log = join(sandbox.home, 'daemon.log');
  const aside = `${log}.aside`;
  renameSync(log, aside);
  mkdirSync(log);
  return until(async () => {
    await delay(Number(value));
    if (statSync(log).isDirectory()) rmdirSync(log);
    if (existsSync(log)) rmSync(aside);
    else renameSync(aside, log);
    return 'there again';
  });
};

const diskFull: Perform = async ({ sandbox, hasOwnDisk }, { value }) => {
  if (!hasOwnDisk) return skipped('only root can have a disk that is full');
  const filler = join(sandbox.home, 'filler');
  fill(filler);
  return until(async () => {
    await delay(Number(value));
    rmSync(filler);
    return 'room again';
  });
};

/** Until nothing fits any more, to the last byte. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = FILLER_BYTES; size >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(size)) === 0) return;
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

const deleteSocket: Perform = async ({ sandbox }) => {
  rmSync(sandbox.socket, { force: true });
  return until(async () => {
    await waitFor('the control socket to be there again', () => sandbox.daemonPid(), { deadlineMs: REPLACED_MS });
    return 'there again';
  });
};

/** A worker that grows beyond its limit is replaced. */
const balloon: Perform = async (world, { app }) => {
  const port = world.portOf(app ?? 'cluster');
  return until(async () => {
    const answer = await getJson(port, '/balloon', { timeoutMs: REPLACED_MS }).catch(() => null);
    if (answer === null) return 'its request failed';
    await waitFor(`worker ${answer.pid}, which has grown, to be replaced`, () => !isAlive(answer.pid), { deadlineMs: REPLACED_MS });
    return `pid ${answer.pid}`;
  });
};

const burst: Perform = async (world, { app, value }) => {
  const clients = Number(value);
  const load = world.load(app ?? 'cluster', 'burst', { mode: 'connection-per-request', clients, maxRequests: clients, maxDurationMs: Infinity });
  return { ended: load.ended.then(({ served, maxMs }) => ({ note: `${served} served, the longest in ${Math.round(maxMs)} ms` })) };
};

/** Clients that go away in the middle of a request, some with a FIN, some with a RST. */
const hangUp: Perform = async (world, { app, value }) => {
  const port = world.portOf(app ?? 'cluster');
  const clients = Array.from({ length: Number(value) }, (_, index) => leaveEarly(port, index));
  return { ended: Promise.all(clients).then(() => ({ note: 'all have left' })) };
};

function leaveEarly(port: number, index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(index % 900)}`);
    setTimeout(() => (index % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()), 10 * (index % 30));
  });
}

export const MACHINE_FAULTS = {
  'home-unwritable': homeUnwritable,
  'log-unwritable': logUnwritable,
  'disk-full': diskFull,
  'delete-socket': deleteSocket,
  balloon,
  burst,
  'hang-up': hangUp,
} satisfies Record<string, Perform>;
