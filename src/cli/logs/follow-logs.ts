import { setTimeout as sleep } from 'node:timers/promises';
import { FollowedLog } from '../../logs/followed-log.ts';
import { mergedLines } from '../../logs/merge-lines.ts';
import { StoredLog } from '../../logs/stored-log.ts';
import type { LogPlace, StoredLine } from '../../logs/stored-line.ts';
import { now } from '../../system/clock.ts';
import { Interrupted } from '../interrupted.ts';
import type { Context } from '../context.ts';
import { wantedLines, type LogQuery } from './log-query.ts';
import type { LogPrinter } from './log-printer.ts';
import type { MemoryLines } from './memory-lines.ts';

/** How often the files are read: soon enough for whoever watches, and next to no work. */
const POLL_MS = 100;
/** How often files of new apps and slots are looked for. */
const PLACES_MS = 1_000;

export interface FollowOptions {
  readonly context: Context;
  readonly query: LogQuery;
  readonly printer: LogPrinter;
  /** What was read before. */
  readonly logs: readonly StoredLog[];
  /** Null if every stream has a file. */
  readonly memory: MemoryLines | null;
  /** The files that there are now. */
  readonly places: () => readonly LogPlace[];
  /** When the command began; epoch milliseconds. */
  readonly since: number;
}

/** Prints what is written from now on, until Ctrl-C. @throws Interrupted */
export async function followLogs(options: FollowOptions): Promise<never> {
  const { context, logs, memory } = options;
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  const follower = new Follower(options, logs);
  try {
    const remembered = memory?.follow(interrupt.signal, (line) => follower.add(line));
    await Promise.race([follower.run(interrupt.signal), ...(remembered === undefined ? [] : [remembered])]);
  } finally {
    interrupt.abort();
    follower.close();
    restore();
  }
  throw new Interrupted();
}

class Follower {
  readonly #options: FollowOptions;
  readonly #followed = new Map<string, FollowedLog>();
  /** Lines that came through the daemon. */
  #arrived: StoredLine[] = [];
  #searchedAt = now();

  constructor(options: FollowOptions, logs: readonly StoredLog[]) {
    this.#options = options;
    for (const log of logs) this.#follow(log);
  }

  add(line: StoredLine): void {
    this.#arrived.push(line);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { query, printer } = this.#options;
    while (!signal.aborted) {
      const lines = await this.#poll();
      await printer.print(wantedLines(query, lines));
      await this.#findNew();
      // The first poll follows the last read at once, and a flood is read without a pause.
      if (lines.length === 0) await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  close(): void {
    for (const log of this.#followed.values()) log.close();
  }

  async #poll(): Promise<StoredLine[]> {
    const lines = this.#arrived;
    this.#arrived = [];
    for (const log of this.#followed.values()) lines.push(...(await log.poll(now())));
    return this.#followed.size > 1 || lines.length > 1 ? lines.sort((a, b) => a.order - b.order) : lines;
  }

  /** Reads files that have become known, from what was written since the command began: an app may print before the daemon tells of it. */
  async #findNew(): Promise<void> {
    if (now() - this.#searchedAt < PLACES_MS) return;
    this.#searchedAt = now();
    const { context, query, printer, since } = this.#options;
    for (const place of this.#options.places()) {
      if (this.#followed.has(place.path)) continue;
      const log = new StoredLog(place, true, context.note);
      const start = { source: log, position: log.seek(since), order: -Infinity };
      for await (const lines of mergedLines([start]))
        await printer.print(
          wantedLines(
            query,
            lines.filter((line) => line.order >= since),
          ),
        );
      this.#follow(log);
    }
  }

  #follow(log: StoredLog): void {
    log.close(log.last);
    this.#followed.set(log.place.path, new FollowedLog(log.place, log.last, this.#options.context.note));
  }
}
