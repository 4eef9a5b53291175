/** @module-tag light */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import type { LbEvent } from '../../src/protocol/control.ts';
import { ATTACH_PROTOCOL } from '../../src/protocol/version.ts';
import { discardHandle } from '../../src/system/discard-handle.ts';
import { HandleChannel } from '../../src/system/handle-channel.ts';
import { processState, startTimeOf } from '../../src/system/processes.ts';
import { request } from '../helpers/http.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

async function badMessages(query: string): Promise<readonly LbEvent[]> {
  const { events } = (await sandbox.control('GET', `/v1/events?limit=1000${query}`)).json<{ events: LbEvent[] }>();
  return events.filter(({ kind }) => kind === 'bad-message');
}

it('an app that floods its primary with malformed messages is served, listed, and named once for each field', async () => {
  const { name, port } = await sandbox.start('sends-garbage.cjs', { instances: 1 });
  const [primary, before] = [await sandbox.primaryPid(name), (await request('/', { port })).body];
  expect((await request('/garbage', { port })).body).toBe(before);
  const told = await sandbox.waitFor('the events', async () => {
    const events = await badMessages(`&app=${name}`);
    return events.length >= 3 && events;
  });
  expect((await request('/', { port })).body).toBe(before);
  expect((await sandbox.ok('list')).stdout).toMatch(new RegExp(`${name} +[\\d,-]+ +online`));
  expect(await sandbox.primaryPid(name)).toBe(primary);
  expect(told.map(({ slot, severity, details }) => [slot, severity, details])).toEqual([
    [0, 'warn', { from: 'worker 0', field: 'beat' }],
    [0, 'warn', { from: 'worker 0', field: 'handle' }],
    [0, 'warn', { from: 'worker 0', field: 't' }],
  ]);
  expect(await badMessages(`&app=${name}`)).toHaveLength(3);
});

const hello = (changes: object): string =>
  JSON.stringify({ type: 'hello', protocol: ATTACH_PROTOCOL, pid: process.pid, startTime: null, proof: null, version: '1', sockets: [], apps: [], ...changes });

/** Connects as a primary does, and says this line. Resolves when the daemon has closed the connection. */
async function attach(line: (proof: number) => string): Promise<void> {
  const channel = HandleChannel.connect(sandbox.attach);
  let token: { readonly fd: number; close(): void } | null = null;
  channel.onData(() => {
    token ??= channel.takeHandle() as typeof token;
    channel.write(`${line(token?.fd ?? -1)}\n`);
  });
  await new Promise<void>((resolve) => channel.onClose(resolve));
  discardHandle(token);
}

it('what attaches without a valid hello is sent away, and leaves no trace', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const around = readdirSync(dirname(sandbox.home)).sort();
  for (const line of ['null', '{"type":"hello"}', hello({ name: '../x' }), hello({ name, protocol: 99 }), '{']) {
    await attach(() => line);
    expect((await sandbox.ok('list')).stdout).toMatch(new RegExp(`${name} +[\\d,-]+ +online`));
  }
  expect(readdirSync(dirname(sandbox.home)).sort()).toEqual(around);
  const told = await badMessages('');
  expect(told.filter(({ app }) => app === null).map(({ details }) => details)).toEqual([
    { from: 'an unknown primary', field: '' },
    { from: 'an unknown primary', field: 'protocol' },
    { from: `a primary that says it is "../x" (pid ${process.pid})`, field: 'name' },
    { from: `a primary that says it is "${name}" (pid ${process.pid})`, field: 'protocol' },
  ]);
});

it('nobody attaches in the name of another process: no primary is replaced, and no bystander killed', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const before = (await badMessages('')).length;
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  const primary = await sandbox.primaryPid(name);
  const claims: readonly (readonly [pid: number, field: string])[] = [
    [bystander.pid ?? -1, 'proof'],
    [primary, 'proof'],
    // This process shows the token, but was not started as a primary.
    [process.pid, 'pid'],
  ];
  for (const [pid] of claims) await attach((proof) => hello({ name, pid, startTime: startTimeOf(pid), proof }));
  await attach((proof) => hello({ name, pid: primary, startTime: 1, proof }));
  const told = (await badMessages('')).slice(before).map(({ details }) => details);
  expect(told).toEqual(
    [...claims, [primary, 'startTime'] as const].map(([pid, field]) => ({ from: `a primary that says it is "${name}" (pid ${pid})`, field })),
  );
  expect(await sandbox.primaryPid(name)).toBe(primary);
  expect(await sandbox.snapshot(name)).toMatchObject({ state: 'online', socketsKept: true });
  expect((await request('/', { port })).status).toBe(200);
  expect(processState(bystander.pid ?? -1)).toBe('S');
  bystander.kill();
});
