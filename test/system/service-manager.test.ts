import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServiceManager } from '../../src/system/service-manager.ts';
import { waitFor } from '../helpers/wait.ts';

let directory: string;
let failures: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lb-notify-'));
  failures = [];
});
afterEach(() => rmSync(directory, { recursive: true, maxRetries: 3 }));

/** A `systemd-notify` that writes down what it is told. */
function manager(watchdogUs = '0', script = `echo "$NOTIFY_SOCKET $*" >> ${join(directory, 'told')}`): { env: NodeJS.ProcessEnv; manager: ServiceManager } {
  const program = join(directory, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const env = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: watchdogUs, WATCHDOG_PID: '1', PATH: directory, OTHER: 'x' };
  // A sign of life that is on its way at the end of a test fails later.
  const ofTest = failures;
  return { env, manager: new ServiceManager(env, (message) => ofTest.push(message)) };
}
const told = (): string[] => (existsSync(join(directory, 'told')) ? readFileSync(join(directory, 'told'), 'utf8').trimEnd().split('\n') : []);

it('tells the manager each step, and keeps its variables from the apps', async () => {
  const { env, manager: systemd } = manager();
  expect(env).toEqual({ PATH: directory, OTHER: 'x' });
  expect(systemd.env).toEqual({ NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '0' });
  await systemd.lead();
  await systemd.ready();
  await systemd.lead(4711);
  await systemd.stopping('draining all apps', 45_000);
  expect(told()).toEqual([
    `/run/notify MAINPID=${process.pid}`,
    '/run/notify READY=1',
    '/run/notify MAINPID=4711',
    '/run/notify STOPPING=1 STATUS=draining all apps EXTEND_TIMEOUT_USEC=45000000',
  ]);
  expect(failures).toEqual([]);
});

it('gives signs of life while it leads', async () => {
  const { manager: systemd } = manager('60000');
  const signs = (): number => told().filter((line) => line.endsWith('WATCHDOG=1')).length;
  await systemd.lead(4711);
  await systemd.lead();
  await waitFor('two signs', () => signs() >= 2);
  systemd.close();
});

it('goes on, and says once, if the manager cannot be told', async () => {
  const { manager: systemd } = manager('0', 'exit 3');
  await systemd.lead();
  await systemd.ready();
  expect(failures).toEqual([`the service manager was not told MAINPID=${process.pid}: systemd-notify ended with exit code 3`]);
  const env = { NOTIFY_SOCKET: '/run/notify', PATH: join(directory, 'none') };
  await new ServiceManager(env, (message) => failures.push(message)).ready();
  expect(failures[1]).toContain('systemd-notify could not be started: spawn systemd-notify ENOENT');
});

it('does nothing without a manager', async () => {
  const systemd = new ServiceManager({ PATH: directory }, (message) => failures.push(message));
  expect([systemd.isThere, systemd.env]).toEqual([false, {}]);
  await systemd.ready();
  expect(failures).toEqual([]);
});
