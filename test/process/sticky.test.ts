/** @module-tag light */
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../helpers/paths.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const script = join(ROOT, 'examples/socket.io/server.js');
const WORKERS = 4;
/** Pause of a client between an acknowledgement and its next message. */
const THINK_MS = 10;
const ADDRESSES = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);

const startChat = (balance: string): ReturnType<typeof sandbox.start> => sandbox.start(script, { instances: WORKERS, flags: ['--balance', balance] });

/** A real Socket.IO client that counts; each of its polls opens a connection of its own. */
class ChatClient {
  readonly socket: Socket;
  /** Acknowledgements of each message that was said. */
  readonly acknowledged: number[] = [];
  /** The worker of each acknowledgement. */
  readonly pids: number[] = [];
  /** Answers "Session ID unknown". */
  unknownSessions = 0;
  /** Why its connections ended. */
  readonly ends: string[] = [];

  constructor(
    port: number,
    readonly address: string,
    readonly upgrade: boolean,
  ) {
    const options: Partial<ManagerOptions & SocketOptions> = { forceNew: true, upgrade, reconnectionDelay: 50, retries: 1000, ackTimeout: 10_000 };
    // The declared type of `agent` knows only its use in a browser.
    this.socket = io(`http://127.0.0.1:${port}`, { ...options, agent: new Agent({ localAddress: address }) as unknown as boolean });
    this.socket.on('connect_error', (error) => this.#look(error));
    this.socket.on('disconnect', (reason, details) => {
      this.ends.push(reason);
      this.#look(details);
    });
    onTestFinished(() => void this.socket.close());
  }

  #look(failure: unknown): void {
    const { context } = (failure ?? {}) as { context?: { responseText?: string } };
    if (context?.responseText?.includes('Session ID unknown') === true) this.unknownSessions++;
  }

  get transport(): string {
    return this.socket.io.engine.transport.name;
  }

  /** Says something and waits for the acknowledgement, over reconnects if need be; returns the worker. */
  say(text: string): Promise<number> {
    const index = this.acknowledged.push(0) - 1;
    return new Promise((resolve, reject) => {
      this.socket.emit('message', text, (error: Error | null, pid: number) => {
        this.acknowledged[index] = (this.acknowledged[index] ?? 0) + 1;
        this.pids.push(pid);
        if (error === null) resolve(pid);
        else reject(error);
      });
    });
  }

  async talk(until: () => boolean): Promise<void> {
    while (!until()) {
      await this.say(`from ${this.address}`);
      await delay(THINK_MS);
    }
  }

  toString(): string {
    const { address, upgrade, acknowledged, unknownSessions, pids, ends } = this;
    const twice = acknowledged.filter((count) => count > 1).length;
    const lost = acknowledged.filter((count) => count === 0).length;
    return `${address} ${upgrade ? 'upgrading' : 'polling'}: ${acknowledged.length} said, ${lost} lost, ${twice} twice, ${unknownSessions} unknown sessions, ${ends.length} ends (${[...new Set(ends)].join(', ')}), workers ${[...new Set(pids)].join(' ')}`;
  }
}

const connectClients = (port: number): ChatClient[] =>
  ADDRESSES.flatMap((address) => [new ChatClient(port, address, false), new ChatClient(port, address, true)]);

const unknownSessions = (clients: readonly ChatClient[]): number => clients.reduce((sum, client) => sum + client.unknownSessions, 0);
const waitForAcknowledgements = (clients: readonly ChatClient[]): Promise<unknown> =>
  sandbox.waitFor('every message to be acknowledged', () => clients.every(({ acknowledged }) => !acknowledged.includes(0)), {
    context: () => clients.join('\n'),
  });
const waitForUpgrades = (clients: readonly ChatClient[]): Promise<unknown> =>
  sandbox.waitFor(
    'every client that upgrades to have a WebSocket',
    () => clients.every(({ upgrade, transport }) => transport === (upgrade ? 'websocket' : 'polling')),
    { context: () => clients.join('\n') },
  );

/** Workers, by the address that talked to them now. */
async function workersByAddress(clients: readonly ChatClient[]): Promise<Map<string, Set<number>>> {
  const found = new Map<string, Set<number>>();
  await Promise.all(
    clients.map(async (client) => {
      const pid = await client.say('who are you?');
      found.set(client.address, (found.get(client.address) ?? new Set()).add(pid));
    }),
  );
  return found;
}

function expectOneWorkerEach(found: Map<string, Set<number>>, running: readonly number[]): void {
  const used = new Set([...found.values()].flatMap((pids) => [...pids]));
  expect([...found].filter(([, pids]) => pids.size !== 1)).toEqual([]);
  expect(running).toEqual(expect.arrayContaining([...used]));
  expect(used.size).toBeGreaterThan(1);
}

it('ip-hash: no session meets a worker that does not know it, neither while polling nor at the upgrade', async () => {
  const { name, port } = await startChat('ip-hash');
  const clients = connectClients(port);
  for (const client of clients) for (let message = 0; message < 5; message++) void client.say('hello');
  await waitForAcknowledgements(clients);
  await waitForUpgrades(clients);
  const found = await workersByAddress(clients);
  expect(unknownSessions(clients), clients.join('\n')).toBe(0);
  expect(clients.flatMap(({ ends }) => ends)).toEqual([]);
  expect(clients.map(({ pids }) => new Set(pids).size)).toEqual(clients.map(() => 1));
  expectOneWorkerEach(found, await sandbox.workerPids(name));
});

it('ip-hash: across a reload every client is connected again, and every message acknowledged once', async () => {
  const { name, port } = await startChat('ip-hash');
  const old = await sandbox.workerPids(name);
  const clients = connectClients(port);
  await waitForUpgrades(clients);
  let reloaded = false;
  for (const client of clients) void client.talk(() => reloaded);
  await sandbox.ok('reload', name, '--monitor', '100');
  reloaded = true;
  await waitForAcknowledgements(clients);
  await waitForUpgrades(clients);
  const found = await workersByAddress(clients);
  const fresh = await sandbox.workerPids(name);
  expectOneWorkerEach(found, fresh);
  expect(fresh.filter((pid) => old.includes(pid))).toEqual([]);
  const miscounted = clients.filter(({ acknowledged }) => acknowledged.some((count) => count !== 1));
  expect(miscounted.map(String)).toEqual([]);
  // From the worker of its slot to that one's successor, and no further: 1001 for a WebSocket, an unknown session for a poll.
  const moves = clients.filter(({ ends, pids }) => ends.length !== 1 || new Set(pids).size !== 2);
  expect(moves.map(String)).toEqual([]);
});

it('round-robin: sessions break, so the clients above can tell', async () => {
  const { port } = await startChat('round-robin');
  const clients = connectClients(port);
  await sandbox.waitFor('a session to be unknown', () => unknownSessions(clients) > 0, { context: () => clients.join('\n') });
});
