import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { untilServed, type Load } from './generate-load.ts';
import { ROOT } from './paths.ts';
import { countError, countHung, countWrong, emptyTally, type Tally } from './tally.ts';

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
  /** Each has one connection at a time; default 36. */
  readonly clients?: number;
  readonly maxDurationMs?: number;
}

/** Each process of clients needs about as much CPU as a worker; with fewer of them the clients would be what holds connections up. */
const PROCESSES = 3;

/** More new connections than a primary can hand over: one per request, without a pause, from processes of their own. */
export function startFlood({ port, clients = 36, maxDurationMs = 90_000 }: FloodOptions): Load {
  const children = Array.from({ length: PROCESSES }, () => new Clients({ port, clients: Math.ceil(clients / PROCESSES), maxDurationMs }));
  const tally = (): Tally => tallyOf(children.map(({ counts }) => counts));
  const ended = Promise.all(children.map((child) => child.ended)).then(tally);
  ended.catch(() => {});
  const stop = (): Promise<Tally> => {
    for (const child of children) child.stop();
    return ended;
  };
  onTestFinished(async () => {
    await stop().catch(() => {});
    for (const child of children) child.kill();
  });
  return {
    stop,
    ended,
    tally,
    waitForServed: (count) => untilServed(tally, count),
  };
}

/** One process of clients. */
class Clients {
  counts: Counts = { served: 0, hung: 0, wrong: [], errors: {}, maxMs: 0, pids: {} };
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  constructor(options: Required<FloodOptions>) {
    this.#child = fork(join(ROOT, 'test/helpers/flood-child.cjs'), [JSON.stringify(options)], { execArgv: [] });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('message', ({ ended, counts }: { readonly ended: boolean; readonly counts: Counts }) => {
        this.counts = counts;
        if (ended) resolve();
      });
      this.#child.once('exit', (code, signal) => reject(new Error(`the clients ended early: ${signal ?? code}`)));
    });
    this.ended.catch(() => {});
  }

  stop(): void {
    if (this.#child.connected) this.#child.send('stop');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function tallyOf(all: readonly Counts[]): Tally {
  const tally = emptyTally();
  for (const { served, hung, wrong, errors, maxMs, pids } of all) {
    tally.served += served;
    tally.maxMs = Math.max(tally.maxMs, maxMs);
    for (const [pid, count] of Object.entries(pids)) tally.pids[pid] = (tally.pids[pid] ?? 0) + count;
    for (let i = 0; i < hung; i++) countHung(tally, 'flood');
    for (const text of wrong) countWrong(tally, text);
    for (const [code, times] of Object.entries(errors)) for (let i = 0; i < times; i++) countError(tally, { code }, 'flood');
  }
  return tally;
}
