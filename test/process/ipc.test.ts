/** @module-tag light */
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { io, type Socket } from 'socket.io-client';
import type { LbEvent } from '../../src/protocol/control.ts';
import { getJson } from '../helpers/http.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();

/** A client, and the worker that it is connected to. */
async function connect(port: number): Promise<{ readonly socket: Socket; readonly pid: number; readonly heard: string[] }> {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  onTestFinished(() => void socket.disconnect());
  const heard: string[] = [];
  socket.on('heard', (text: string) => heard.push(text));
  const pid = await new Promise<number>((resolve) => socket.once('hello', resolve));
  return { socket, pid, heard };
}

async function ignored(name: string): Promise<readonly LbEvent[]> {
  const { events } = (await sandbox.control('GET', `/v1/events?limit=1000&app=${name}`)).json<{ events: LbEvent[] }>();
  return events.filter(({ kind }) => kind === 'message-ignored');
}

it("ipc: 'broadcast' lets Socket.IO's cluster adapter reach the clients of all workers, also after a reload", async () => {
  const { name, port } = await sandbox.start('socket-io-cluster.cjs', { instances: 3, flags: ['--ipc', 'broadcast'] });
  for (const round of ['first', 'second']) {
    const clients = [await connect(port), await connect(port), await connect(port)];
    expect(new Set(clients.map(({ pid }) => pid)).size).toBe(3);
    clients[0]?.socket.emit('shout', round);
    await sandbox.waitFor('every client to hear it', () => clients.every(({ heard }) => heard.includes(round)));
    // Answers of the others come back. The adapter waits ten seconds for workers that have ended, so only before the reload.
    if (round === 'first') expect(await new Promise((resolve) => clients[1]?.socket.emit('count', resolve))).toBe(3);
    for (const { socket } of clients) socket.disconnect();
    await sandbox.ok('reload', name, '--monitor', '100');
  }
  expect(await ignored(name)).toEqual([]);
});

it("ipc: 'broadcast' lets log4js write the lines of all workers in one of them", async () => {
  const file = `${sandbox.directory}/app.log`;
  const { port } = await sandbox.start('log4js-cluster.cjs', { instances: 2, flags: ['--ipc', 'broadcast'], env: { LOG_FILE: file } });
  const pids = [];
  for (let i = 0; i < 4; i++) pids.push((await getJson(port)).pid);
  const lines = await sandbox.waitFor('all lines', () => {
    const text = readFileSync(file, 'utf8').trim().split('\n');
    return text.length === pids.length && text;
  });
  expect([...lines].sort()).toEqual(pids.map((pid) => `served by ${pid}`).sort());
});

it('without it, the first message that goes nowhere is reported, and no other', async () => {
  const { name, port } = await sandbox.start('log4js-cluster.cjs', { instances: 2, env: { LOG_FILE: `${sandbox.directory}/lost.log` } });
  for (let i = 0; i < 4; i++) await getJson(port);
  const [event] = await sandbox.waitFor('the event', async () => {
    const events = await ignored(name);
    return events.length > 0 && events;
  });
  expect(event?.message).toMatch(/^worker 1 sent the cluster primary a message \(topic "log4js:message"\), which lb ignores.*ipc: 'broadcast'/);
  expect(await ignored(name)).toHaveLength(1);
});
