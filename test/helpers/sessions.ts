import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { getJson } from './http.ts';

export interface SessionOptions {
  /** Connections in all. */
  readonly sessions: number;
  /** Connections at a time. */
  readonly clients: number;
  /** On each connection. */
  readonly requests: number;
  /** Before each request. */
  readonly pauseMs: number;
}

export interface SessionResult {
  /** Connections by slot. */
  readonly connections: readonly number[];
  readonly meanMs: number;
  readonly p99Ms: number;
}

/** Clients that open a connection, ask on it and open the next one; every request must be answered. */
export async function runSessions(port: number, { sessions, clients, requests, pauseMs }: SessionOptions): Promise<SessionResult> {
  const connections: number[] = [];
  const latencies: number[] = [];
  let begun = 0;

  async function session(): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let answered = -1;
    for (let n = 0; n < requests; n++) {
      await delay(pauseMs * 2 * Math.random());
      const startedAt = performance.now();
      answered = Number((await getJson(port, '/', { agent })).slot);
      latencies.push(performance.now() - startedAt);
    }
    agent.destroy();
    connections[answered] = (connections[answered] ?? 0) + 1;
  }

  async function client(): Promise<void> {
    while (begun++ < sessions) await session();
  }

  await Promise.all(Array.from({ length: clients }, client));
  latencies.sort((a, b) => a - b);
  return {
    connections: Array.from(connections, (count) => count ?? 0),
    meanMs: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

export function describeSessions({ connections, meanMs, p99Ms }: SessionResult): string {
  return `connections by slot ${connections.join(' ')}, on average ${meanMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`;
}
