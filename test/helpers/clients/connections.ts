import http from 'node:http';
import { onTestFinished } from 'vitest';
import { getJson } from '../http.ts';
import type { Sandbox } from '../sandbox.ts';
import type { AppIdentity } from '../tally.ts';

/** A client that keeps its one connection open until the test ends or `close`. */
export interface HeldConnection {
  /** Who answers on it. */
  ask<T = AppIdentity>(path?: string): Promise<T>;
  close(): void;
}

/** @param from the loopback address it comes from */
export function holdConnection(port: number, from = '127.0.0.1'): HeldConnection {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1, localAddress: from });
  onTestFinished(() => agent.destroy());
  return {
    ask: <T>(path = '/') => getJson<T>(port, path, { agent, timeoutMs: 30_000 }),
    close: () => agent.destroy(),
  };
}

/** The slot that answers on a new connection from that address. */
export async function slotFor(port: number, from = '127.0.0.1'): Promise<number> {
  const connection = holdConnection(port, from);
  const { slot } = await connection.ask();
  connection.close();
  return Number(slot);
}

interface ServedApp {
  readonly name: string;
  readonly port: number;
}

/**
 * Who answers on so many connections, each opened after the answer on the one before. A worker that has answered may still count as
 * busy: its primary must read that it took the connection, and has done so when it answers the request for a snapshot.
 */
export async function answersInTurn(sandbox: Pick<Sandbox, 'snapshot'>, { name, port }: ServedApp, count: number): Promise<AppIdentity[]> {
  const answers: AppIdentity[] = [];
  for (let n = 0; n < count; n++) {
    answers.push(await getJson(port));
    await sandbox.snapshot(name);
  }
  return answers;
}

/** How many of so many connections each slot got. */
export async function connectInTurn(sandbox: Pick<Sandbox, 'snapshot'>, app: ServedApp, count: number): Promise<number[]> {
  const counts: number[] = [];
  for (const { slot } of await answersInTurn(sandbox, app, count)) counts[Number(slot)] = (counts[Number(slot)] ?? 0) + 1;
  return Array.from(counts, (got) => got ?? 0);
}
