import { setTimeout as sleep } from 'node:timers/promises';
import { parseLogLines } from '../../client/parse.ts';
import { appPath, type Channel } from '../../client/request.ts';
import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeLogs } from '../../client/subscribe.ts';
import { messageOf } from '../../errors/lb-error.ts';
import { isEnded } from '../../lifecycle/states.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { LinePosition, LineSource, PlacedLine, StoredLine } from '../../logs/stored-line.ts';
import type { LogLine, LogStream } from '../../protocol/control.ts';
import { now } from '../../system/clock.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';
import { fetchApps } from '../apps.ts';

/** More than a primary keeps. */
const ALL_KEPT = 1_000_000;
/** How long a new daemon is given until it has adopted its primaries. */
const ATTACH_MS = 10_000;
const ATTACH_POLL_MS = 100;

/** The streams of each app of which no file is written. */
export type InMemory = ReadonlyMap<string, readonly LogStream[]>;

/** The lines of streams without a file: the last ones are in the memory of the primary, new ones come through the daemon. */
export class MemoryLines {
  readonly #context: Context;
  readonly #inMemory: InMemory;
  /** The time of the newest line of each app, and how many have it. */
  readonly #newest = new Map<string, { readonly at: number; readonly count: number }>();

  constructor(context: Context, inMemory: InMemory) {
    this.#context = context;
    this.#inMemory = inMemory;
  }

  /** The lines that the primary of this app has kept; says so if those are fewer than wanted. */
  async kept(app: string, wanted: number): Promise<LineSource> {
    const lines = (await this.#fetch(app)).filter((line) => this.#isOurs(line)).map((line) => this.#stored(line));
    if (lines.length > 0 && lines.length < wanted) {
      this.#context.note(`${app} writes no log file for ${this.#streamsOf(app)}; only the last ${plural(lines.length, 'line')} are in memory`);
    }
    return new KeptLines(lines);
  }

  /** Calls with every new line until the signal aborts, over all daemons that come. */
  async follow(signal: AbortSignal, onLine: (line: StoredLine) => void): Promise<void> {
    const { address, note } = this.#context;
    await stayConnected(address, signal, {
      use: async (channel, aborted) => {
        await this.#primariesAttached(channel, aborted);
        const isNew = this.#newLines();
        for await (const message of subscribeLogs(channel, { lines: ALL_KEPT }, aborted)) {
          if (message.type === 'dropped') note(`${plural(message.lines, 'line')} skipped: output was read too slowly`);
          else if (this.#isOurs(message.line) && isNew(message.line)) onLine(this.#stored(message.line));
        }
      },
      onDown: () => {},
    });
  }

  /** A new daemon knows the lines that a primary has kept once that has connected to it. */
  async #primariesAttached(channel: Channel, signal: AbortSignal): Promise<void> {
    for (const deadline = now() + ATTACH_MS; now() < deadline && !signal.aborted; ) {
      const apps = await fetchApps(channel);
      if (!apps.some(({ name, state, primaryPid }) => this.#inMemory.has(name) && primaryPid === null && !isEnded(state))) return;
      await sleep(ATTACH_POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #fetch(app: string): Promise<readonly LogLine[]> {
    const missing = (reason: string): readonly LogLine[] => {
      this.#context.note(`${app} writes no log file for ${this.#streamsOf(app)}, and the lines in memory cannot be read: ${reason}`);
      return [];
    };
    try {
      const connection = await reachedDaemon(this.#context, 'read');
      if (connection === null) return missing('no daemon is running');
      try {
        return parseLogLines(await connection.channel.json(`${appPath(app, 'logs')}?lines=${ALL_KEPT}`));
      } finally {
        connection.channel.close();
      }
    } catch (error) {
      return missing(messageOf(error));
    }
  }

  #streamsOf(app: string): string {
    const streams = this.#inMemory.get(app) ?? [];
    return streams.map((stream) => (stream === 'out' ? 'stdout' : 'stderr')).join(' and ');
  }

  #isOurs({ app, stream }: LogLine): boolean {
    return this.#inMemory.get(app)?.includes(stream) === true;
  }

  #stored(line: LogLine): StoredLine {
    const newest = this.#newest.get(line.app);
    this.#newest.set(line.app, { at: line.at, count: newest?.at === line.at ? newest.count + 1 : 1 });
    return { ...line, order: line.at };
  }

  /** Each connection begins with all lines that are kept: those that were read before are left out. */
  #newLines(): (line: LogLine) => boolean {
    const before = new Map([...this.#newest].map(([app, newest]) => [app, { ...newest }]));
    return ({ app, at }) => {
      const last = before.get(app);
      if (last === undefined) return true;
      if (at < last.at) return false;
      if (at === last.at && last.count > 0) {
        last.count--;
        return false;
      }
      before.delete(app);
      return true;
    };
  }
}

class KeptLines implements LineSource {
  readonly #lines: readonly StoredLine[];

  constructor(lines: readonly StoredLine[]) {
    this.#lines = lines;
  }

  async *backwards(): AsyncGenerator<PlacedLine> {
    for (const [index, line] of [...this.#lines.entries()].reverse()) yield { line, position: { part: 0, offset: index } };
  }

  async *forwards({ offset }: LinePosition): AsyncGenerator<readonly StoredLine[]> {
    yield this.#lines.slice(offset);
  }

  seek(time: number): LinePosition {
    const found = this.#lines.findIndex(({ at }) => at !== null && at >= time);
    return { part: 0, offset: found < 0 ? this.#lines.length : found };
  }
}
