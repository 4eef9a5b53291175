import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLog, type EventQuery } from '../../src/daemon/event-log.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import { makeEvent, type NewEvent } from '../../src/protocol/event.ts';
import { tempHome } from './temp-home.ts';

const ALL: EventQuery = { app: null, since: null, limit: 100_000 };
const event = (n: number, app = 'api'): NewEvent => makeEvent(app, n, 'readmit', `event ${n}`, { slot: 0, pid: 1 });

function open(home: string, maxFileBytes?: number, tailBytes?: number): { log: EventLog; said: string[] } {
  const said: string[] = [];
  const sizes = { ...(maxFileBytes === undefined ? {} : { maxFileBytes }), ...(tailBytes === undefined ? {} : { tailBytes }) };
  const log = new EventLog({
    path: join(home, 'events.ndjson'),
    log: (message) => said.push(message),
    reports: new Unwritten((message) => said.push(message)),
    ...sizes,
  });
  log.load();
  return { log, said };
}

const ids = async (log: EventLog, query: Partial<EventQuery> = {}): Promise<number[]> => (await log.query({ ...ALL, ...query })).map(({ id }) => id);
const idsIn = (path: string): number[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: number }).id)
    : [];
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('the event log', () => {
  it('goes on where the daemon before it ended', async () => {
    const home = tempHome();
    const first = open(home).log;
    for (const n of [1, 2, 3]) first.add(event(n));
    await first.close();
    expect(statSync(join(home, 'events.ndjson')).mode & 0o777).toBe(0o600);
    const { log } = open(home);
    expect(log.last).toMatchObject({ id: 3, message: 'event 3' });
    expect(log.add(event(4)).id).toBe(4);
    await log.close();
    expect(await ids(open(home).log)).toEqual([1, 2, 3, 4]);
  });

  it('knows whether the daemon before it said goodbye, whatever its hooks told after that', () => {
    const { log } = open(tempHome());
    const kinds = ['daemon-start', 'daemon-end', 'hook-failed', 'daemon-start'] as const;
    const ended = kinds.map((kind) => {
      log.add(makeEvent(null, 1, kind, kind, undefined, { unclean: false }));
      return log.endedWell;
    });
    expect(ended).toEqual([false, true, true, false]);
  });

  it('leaves out a line that was cut off, and does not write on behind it', async () => {
    const home = tempHome();
    const first = open(home).log;
    first.add(event(1));
    await first.close();
    appendFileSync(join(home, 'events.ndjson'), '{"id":2,"at":1,"app":"a');
    const second = open(home).log;
    second.add(event(2));
    await second.close();
    expect(await ids(open(home).log)).toEqual([1, 2]);
  });

  it('keeps two files of a bounded size, and tells what is in both', async () => {
    const home = tempHome();
    const { log } = open(home, 20_000);
    for (const n of range(1, 1_000)) {
      log.add(event(n, n % 2 === 0 ? 'api' : 'jobs'));
      if (n % 20 === 0) await log.close();
    }
    await log.close();
    const sizes = ['events.ndjson', 'events.1.ndjson'].map((name) => statSync(join(home, name)).size);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(20_000);
    const kept = await ids(log);
    expect(kept.length).toBeGreaterThanOrEqual(500);
    expect(kept).toEqual(range(1_001 - kept.length, 1_000));
    expect(await ids(open(home).log, { limit: 100 })).toEqual(range(901, 1_000));
  });

  it('reads older ones from the files when they are asked for', async () => {
    const { log } = open(tempHome());
    for (const n of range(1, 800)) log.add(event(n));
    await log.close();
    expect(log.recent(ALL)).toHaveLength(500);
    expect(await ids(log)).toEqual(range(1, 800));
    expect(await ids(log, { limit: 600 })).toEqual(range(201, 800));
    expect(await ids(log, { since: 100, limit: 700 })).toEqual(range(101, 800));
    expect(await ids(log, { since: 100, limit: 3 })).toEqual([101, 102, 103]);
  });

  it('tells all that is in the files, in order and once each, however long events are and whenever the files change', async () => {
    const length = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }) }, { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 5_000 }) });
    const daemons = fc.array(fc.array(fc.record({ length, isAlone: fc.boolean(), isAsked: fc.boolean() }), { maxLength: 20, size: 'max' }), {
      maxLength: 3,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(
        daemons,
        fc.integer({ min: 500, max: 10_000 }),
        fc.integer({ min: 100, max: 5_000 }),
        fc.nat({ max: 100 }),
        async (lives, maxFileBytes, tailBytes, since) => {
          const home = tempHome();
          let last = 0;
          for (const life of lives) {
            const { log } = open(home, maxFileBytes, tailBytes);
            const answers: Promise<void>[] = [];
            for (const { length, isAlone, isAsked } of life) {
              last = log.add(makeEvent('api', 1, 'readmit', 'x'.repeat(length))).id;
              const newest = last;
              if (isAsked) answers.push(ids(log).then((found) => expect(found).toEqual(range(newest + 1 - found.length, newest))));
              if (isAlone) await log.close();
            }
            await Promise.all(answers);
            await log.close();
            const kept = ['events.1.ndjson', 'events.ndjson'].flatMap((name) => idsIn(join(home, name)));
            expect(kept).toEqual(range(last + 1 - kept.length, last));
            const next = open(home, maxFileBytes, tailBytes).log;
            expect(await ids(next)).toEqual(kept);
            expect(await ids(next, { since, limit: 10 })).toEqual(kept.filter((id) => id > since).slice(0, 10));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('tells all of long events after a restart', async () => {
    const home = tempHome();
    const lines = (from: number, to: number): string =>
      range(from, to)
        .map((id) => `${JSON.stringify({ id, ...event(id), message: 'x'.repeat(900) })}\n`)
        .join('');
    writeFileSync(join(home, 'events.1.ndjson'), lines(1, 1_000));
    writeFileSync(join(home, 'events.ndjson'), lines(1_001, 2_000));
    expect(await ids(open(home).log, { since: 0 })).toEqual(range(1, 2_000));
  });

  it('goes on counting after an event that is longer than what is read back', async () => {
    const home = tempHome();
    const first = open(home).log;
    first.add({ ...event(1), message: 'x'.repeat(300_000) });
    await first.close();
    const { log } = open(home);
    expect(log.add(event(2)).id).toBe(2);
    expect(await ids(log)).toEqual([1, 2]);
  });

  it('tells what is not written yet, and no longer in memory', async () => {
    const { log } = open(tempHome());
    for (const n of range(1, 800)) log.add(event(n));
    expect(await ids(log)).toEqual(range(1, 800));
  });

  it('answers for one app, since an event, and the newest', async () => {
    const { log } = open(tempHome());
    for (const n of range(1, 10)) log.add(event(n, n % 2 === 0 ? 'api' : 'jobs'));
    expect(await ids(log, { app: 'api' })).toEqual([2, 4, 6, 8, 10]);
    expect(await ids(log, { app: 'api', since: 4 })).toEqual([6, 8, 10]);
    expect(await ids(log, { app: 'api', limit: 2 })).toEqual([8, 10]);
    expect(await ids(log, { since: 0, limit: 2 })).toEqual([1, 2]);
    expect(await ids(log, { app: 'api', since: 2, limit: 2 })).toEqual([4, 6]);
    expect(await ids(log, { limit: 0 })).toEqual([]);
  });

  it('goes on in memory when the disk does not, says so once, and writes again when it does', async () => {
    const home = tempHome();
    const path = join(home, 'events.ndjson');
    const { log, said } = open(home);
    mkdirSync(path);
    for (const n of [1, 2]) {
      log.add(event(n));
      await log.close();
    }
    expect(said).toEqual([expect.stringContaining(`${path} cannot be written (EISDIR: illegal operation on a directory); events wait in memory`)]);
    expect(await ids(log)).toEqual([1, 2]);
    rmSync(path, { recursive: true });
    log.add(event(3));
    await log.close();
    expect(idsIn(path)).toEqual([1, 2, 3]);
    expect(said[1]).toBe(`${path} can be written again`);
    // A part of a write that failed may be in the file.
    appendFileSync(path, readFileSync(path, 'utf8'));
    expect(await ids(open(home).log)).toEqual([1, 2, 3]);
  });

  it('tells followers until they leave', () => {
    const { log } = open(tempHome());
    const heard: number[] = [];
    const leave = log.follow(({ id }) => heard.push(id));
    log.add(event(1));
    leave();
    log.add(event(2));
    expect(heard).toEqual([1]);
  });

  it('starts with what it can read of a file that is no event log', async () => {
    const home = tempHome();
    writeFileSync(join(home, 'events.ndjson'), 'nonsense\n{"id":"x"}\n[]\n');
    const { log } = open(home);
    expect(log.add(event(1)).id).toBe(1);
  });
});
