import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { HistoryAnswer } from '../../src/protocol/history.ts';
import { createSandbox } from '../helpers/sandbox.ts';

const sandbox = await createSandbox();
const CLIENTS = 20;

interface Steady {
  /** Open connections. */
  open(): number;
  /** The fewest answers in a second of the last three: on a busy machine the clients are late, too. */
  fewestPerSecond(): number;
  /** @returns how many requests failed. */
  stop(): Promise<number>;
}

/** Twenty clients, each of which asks five times a second over a connection that it keeps. */
function askSteadily(port: number): Steady {
  const agents = Array.from({ length: CLIENTS }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  let isOver = false;
  let failed = 0;
  const answeredAt: number[] = [];
  const ask = (agent: http.Agent): Promise<void> =>
    new Promise((resolve) => {
      const request = http.get({ port, host: '127.0.0.1', agent }, (response) =>
        response.resume().once('end', () => {
          answeredAt.push(performance.now());
          resolve();
        }),
      );
      request.once('error', () => {
        failed++;
        resolve();
      });
    });
  const clients = agents.map(async (agent, index) => {
    await delay(index * 10);
    for (let next = performance.now(); !isOver; next += 200) {
      await delay(Math.max(0, next - performance.now()));
      await ask(agent);
    }
  });
  const stop = async (): Promise<number> => {
    isOver = true;
    await Promise.all(clients);
    for (const agent of agents) agent.destroy();
    return failed;
  };
  onTestFinished(async () => void (await stop()));
  const fewestPerSecond = (): number => {
    const now = performance.now();
    const counts = Array.from({ length: 20 }, (_, index) => {
      const until = now - index * 100;
      return answeredAt.filter((at) => at > until - 1_000 && at <= until).length;
    });
    return Math.min(...counts);
  };
  return { open: () => agents.reduce((sum, { sockets, freeSockets }) => sum + Object.keys({ ...sockets, ...freeSockets }).length, 0), fewestPerSecond, stop };
}

it('requests and connections do not seem to drop during a reload that loses nothing', async () => {
  const { name, port } = await sandbox.start('plain-http.cjs', { instances: 2 });
  const steady = askSteadily(port);
  const seen: { readonly at: number; readonly rps: number; readonly least: number; readonly missing: number }[] = [];
  let isWatching = true;
  const look = async (): Promise<void> => {
    const open = steady.open();
    const { requestsPerSecond, connections } = await sandbox.snapshot(name);
    seen.push({ at: performance.now(), rps: requestsPerSecond, least: steady.fewestPerSecond(), missing: Math.min(open, steady.open()) - connections });
  };
  await sandbox.waitForApp(name, 'count all requests', ({ requestsPerSecond, connections }) => requestsPerSecond > CLIENTS * 4 && connections >= CLIENTS / 2);
  await delay(3_000);
  const watching = (async () => {
    while (isWatching) {
      await look();
      await delay(20);
    }
  })();
  await sandbox.ok('reload', name, '--monitor', '0');
  await delay(2_500);
  isWatching = false;
  await watching;
  const answer = await sandbox.control('GET', `/v1/history?app=${name}&metric=rps&resolution=1s`);
  expect(await steady.stop()).toBe(0);

  for (const { rps, least } of seen) expect(rps, JSON.stringify(seen)).toBeGreaterThan(least * 0.7);
  // Connections that wait for a busy worker count a little later.
  const longestMs = Math.max(
    ...seen.map(({ at }, index) => (seen.slice(index).find(({ missing }) => missing <= CLIENTS * 0.35)?.at ?? Number.POSITIVE_INFINITY) - at),
  );
  expect(longestMs, seen.map(({ missing }) => missing).join(' ')).toBeLessThan(700);
  const charted = answer.json<HistoryAnswer>().values.slice(-5);
  const least = Math.min(...seen.map((each) => each.least));
  expect(Math.min(...charted.map((value) => value ?? 0)), charted.join(' ')).toBeGreaterThan(least * 0.7);
});
