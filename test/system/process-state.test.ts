import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { handlesSignal, inspectorAttached, listeningPorts, ownsSocket } from '../../src/system/process-state.ts';
import { endChildren, startNode } from './children.ts';

afterEach(endChildren);

const NO_PROCESS = 2 ** 22 + 1;

describe.runIf(process.platform === 'linux')('process state', () => {
  it.each(['127.0.0.1', '::1'])('sees that somebody is connected to a port of %s, and that he has left', async (host) => {
    const server = createServer((socket) => socket.resume()).listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(inspectorAttached(process.pid, port)).toBe(false);
    const client = connect(port, host);
    await once(client, 'connect');
    expect(inspectorAttached(process.pid, port)).toBe(true);
    client.destroy();
    await vi.waitFor(() => expect(inspectorAttached(process.pid, port)).toBe(false));
    server.close();
  });

  it('finds the port on which a process listens, and whose it is', async () => {
    const { pid, line } = await startNode(`const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))`);
    const [inode] = [...listeningPorts(pid)].find(([, port]) => port === Number(line)) ?? [];
    expect(inode).toBeDefined();
    expect(ownsSocket(pid, inode ?? '')).toBe(true);
    expect(ownsSocket(process.pid, inode ?? '')).toBe(false);
  });

  it('knows what signals a process handles', async () => {
    const { pid } = await startNode(`process.on('SIGUSR2', () => {}); setInterval(() => {}, 1e6); console.log('up')`);
    expect(handlesSignal(pid, 'SIGUSR1'), 'Node’s own').toBe(true);
    expect(handlesSignal(pid, 'SIGUSR2')).toBe(true);
    expect(handlesSignal(pid, 'SIGHUP')).toBe(false);
  });

  it('knows nothing of what does not exist', () => {
    expect(inspectorAttached(NO_PROCESS, 80)).toBe(false);
    expect(listeningPorts(NO_PROCESS)).toEqual(new Map());
    expect(ownsSocket(NO_PROCESS, '1')).toBe(false);
    expect(handlesSignal(NO_PROCESS, 'SIGUSR1')).toBe(false);
  });
});
