import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventLog, type EventQuery } from '../../src/daemon/event-log.ts';
import { makeEvent, type NewEvent } from '../../src/protocol/event.ts';
import { tempHome } from './temp-home.ts';

const ALL: EventQuery = { app: null, since: null, limit: 100_000 };
const event = (n: number, app = 'api'): NewEvent => makeEvent(app, n, 'readmit', `event ${n}`, { slot: 0, pid: 1 });

function open(home: string, maxFileBytes?: number): { log: EventLog; said: string[] } {
  const said: string[] = [];
  const log = new EventLog({ path: join(home, 'events.ndjson'), log: (message) => said.push(message), ...(maxFileBytes === undefined ? {} : { maxFileBytes }) });
  log.load();
  return { log, said };
}

const ids = async (log: EventLog, query: Partial<EventQuery> = {}): Promise<number[]> => (await log.query({ ...ALL, ...query })).map(({ id }) => id);
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
    expect(said).toEqual([expect.stringContaining(`cannot write ${path}`)]);
    expect(await ids(log)).toEqual([1, 2]);
    rmSync(path, { recursive: true });
    log.add(event(3));
    await log.close();
    expect(readFileSync(path, 'utf8')).toContain('"event 3"');
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
