/** @module-tag light */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { HistoryAnswer } from '../../src/protocol/history.ts';
import { needsPackage } from '../helpers/debian-package.ts';
import { request } from '../helpers/http.ts';
import { startLoad } from '../helpers/load.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';

const sandbox = await createSandbox();
const HOUR_MS = 3_600_000;

/** A library that shifts the clock of the processes that load it, and of their children, by what stands in a file. */
const library = {
  path:
    readdirSync('/usr/lib', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `/usr/lib/${name}/faketime/libfaketime.so.1`)
      .find(existsSync) ?? null,
  needs: 'needs the Debian package libfaketime: apt-get install libfaketime',
};

it('S30: the clock is set back by one hour, and forward again: nothing is lost, hangs or is restarted', async (context) => {
  const preload = needsPackage(context, library);
  const shift = join(sandbox.directory, 'clock');
  const env = {
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: shift,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  writeFileSync(shift, '+0');
  const flags = ['--hang-timeout', '3s', '--max-lifetime', '10m', '--health', '/'];
  const { name, port } = await sandbox.start('plain-http.cjs', { env, flags });
  const appsClock = async (): Promise<number> => Date.parse((await request('/', { port })).headers.date ?? '');
  const load = startLoad({ port, mode: 'connection-per-request', clients: 3 });
  const keeping = startLoad({ port, mode: 'keep-alive', clients: 2 });
  let pids = await sandbox.workerPids(name);

  for (const hours of [-1, 1]) {
    writeFileSync(shift, hours < 0 ? '-1h' : `+${hours}h`);
    await sandbox.waitFor('the clock of the app to jump', async () => Math.abs((await appsClock()) - Date.now() - hours * HOUR_MS) < 10_000);
    // Longer than a worker may be silent, and than a primary or daemon may be.
    await load.waitForServed(100);
    await delay(4_000);
    expect(await sandbox.workerPids(name), 'no worker is replaced').toEqual(pids);
    const reload = await sandbox.lb('reload', name);
    expect(reload.code, reload.toString()).toBe(0);
    const next = await sandbox.workerPids(name);
    expect(next.filter((pid) => pids.includes(pid))).toEqual([]);
    pids = next;
  }

  expectLossless(await load.stop(), 'while the clock jumps');
  expectLossless(await keeping.stop(), 'while the clock jumps, on kept connections');
  const events = (await sandbox.lb('events', name, '--json', '--lines', '200')).records as unknown as { readonly id: number; readonly kind: string }[];
  expect(events.map(({ kind }) => kind).filter((kind) => ['hung', 'recycle', 'eject', 'primary-lost'].includes(kind))).toEqual([]);
  expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted((a, b) => a - b));
  const list = (await sandbox.lb('list')).stdout;
  expect(list).not.toMatch(/ -\d|NaN/);
  const history = (await sandbox.control('GET', `/v1/history?app=${name}&metric=rps&resolution=1s`)).json<HistoryAnswer>();
  expect(history.values.slice(-10).some((value) => value !== null && value > 0)).toBe(true);
});
