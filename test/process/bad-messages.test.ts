/** @module-tag light */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import type { LbEvent } from '../../src/protocol/control.ts';
import { ATTACH_PROTOCOL } from '../../src/protocol/version.ts';
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
  expect((await sandbox.ok('list')).stdout).toMatch(new RegExp(`${name} +online`));
  expect(await sandbox.primaryPid(name)).toBe(primary);
  expect(told.map(({ slot, severity, details }) => [slot, severity, details])).toEqual([
    [0, 'warn', { from: 'worker 0', field: 'beat' }],
    [0, 'warn', { from: 'worker 0', field: 'handle' }],
    [0, 'warn', { from: 'worker 0', field: 't' }],
  ]);
  expect(await badMessages(`&app=${name}`)).toHaveLength(3);
});

it('what attaches without a valid hello is sent away, and leaves no trace', async () => {
  const { name } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const around = readdirSync(dirname(sandbox.home)).sort();
  const hello = { type: 'hello', pid: process.pid, startTime: null, version: '1', protocol: ATTACH_PROTOCOL, apps: [] };
  for (const line of ['null', '{"type":"hello"}', JSON.stringify({ ...hello, name: '../x' }), JSON.stringify({ ...hello, name, protocol: 99 }), '{']) {
    const socket = connect(sandbox.socket);
    socket.on('error', () => {});
    socket.write(`GET /v1/attach HTTP/1.1\r\nhost: lb\r\nconnection: Upgrade\r\nupgrade: lb-attach\r\n\r\n${line}\n`);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await sandbox.ok('list')).stdout).toMatch(new RegExp(`${name} +online`));
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
