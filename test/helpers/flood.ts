import { fork } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Load } from './generate-load.ts';
import { ROOT } from './paths.ts';
import { countError, countHung, countWrong, describeTally, emptyTally, type Tally } from './tally.ts';
import { waitFor } from './wait.ts';

/** What `test/helpers/flood-child.cjs` has counted. */
interface Counts {
  readonly served: number;
  readonly hung: number;
  readonly wrong: readonly string[];
  readonly errors: Readonly<Record<string, number>>;
  readonly maxMs: number;
  readonly pids: Readonly<Record<string, number>>;
}

interface FloodOptions {
  readonly port: number;
  /** Each has one connection at a time; default 32. */
  readonly clients?: number;
  readonly maxDurationMs?: number;
}

/** More new connections than a primary can hand over: one per request, without a pause, from a process of its own. */
export function startFlood({ port, clients = 32, maxDurationMs = 90_000 }: FloodOptions): Load {
  const child = fork(join(ROOT, 'test/helpers/flood-child.cjs'), [JSON.stringify({ port, clients, maxDurationMs })], { execArgv: [] });
  let tally = emptyTally();
  const ended = new Promise<Tally>((resolve, reject) => {
    child.on('message', (message: { readonly ended: boolean; readonly counts: Counts }) => {
      tally = tallyOf(message.counts);
      if (message.ended) resolve(tally);
    });
    child.once('exit', (code, signal) => reject(new Error(`the flood ended early: ${signal ?? code}`)));
  });
  ended.catch(() => {});
  const stop = (): Promise<Tally> => {
    if (child.connected) child.send('stop');
    return ended;
  };
  onTestFinished(async () => {
    await stop().catch(() => {});
    child.kill('SIGKILL');
  });
  return {
    stop,
    ended,
    tally: () => tally,
    waitForServed: async (count) => {
      const goal = tally.served + count;
      await waitFor(`${count} more served requests`, () => tally.served >= goal, { context: () => describeTally(tally) });
    },
  };
}

function tallyOf({ served, hung, wrong, errors, maxMs, pids }: Counts): Tally {
  const tally: Tally = { ...emptyTally(), served, maxMs, pids: { ...pids } };
  for (let i = 0; i < hung; i++) countHung(tally, 'flood');
  for (const text of wrong) countWrong(tally, text);
  for (const [code, times] of Object.entries(errors)) for (let i = 0; i < times; i++) countError(tally, { code }, 'flood');
  return tally;
}
