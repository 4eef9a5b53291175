import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { PrimaryHarness } from './primary-harness.ts';

const EVERY_MINUTE = { pattern: '* * * * *', timezone: 'UTC' } as const;
const JOB = { instances: 1, autorestart: false, kind: 'plain', cron: EVERY_MINUTE } as const satisfies Partial<AppSpec>;

beforeAll(async () => {
  await import('croner');
});

afterEach(() => {
  vi.useRealTimers();
});

/** A job that ends with this code after some time; the clock shows a full minute. */
function job(lastsMs: number, code = 0): PrimaryHarness {
  const harness = new PrimaryHarness(() => ({ bootMs: null, listens: false, crashAfterMs: lastsMs, code }));
  vi.setSystemTime(Date.parse('2026-03-01T12:00:00Z'));
  return harness;
}

const ticks = ({ events }: PrimaryHarness): string[] => events.filter((event) => event.startsWith('cron: '));

describe('a job', () => {
  it('is started again by each tick, and waits in between', async () => {
    const app = job(2_000);
    app.start(JOB);
    await app.advance(10_000);
    expect(app.workers).toHaveLength(1);
    expect(app.finished, 'the primary stays').toBe(0);
    expect(await app.snapshot()).toMatchObject({ state: 'waiting', ready: 0, nextTickAt: Date.parse('2026-03-01T12:01:00Z') });
    await app.advance(50_500);
    expect(app.workers).toHaveLength(2);
    await app.advance(60_000);
    expect(app.workers).toHaveLength(3);
    await app.advance(5_000);
    expect(await app.snapshot()).toMatchObject({ state: 'waiting', nextTickAt: Date.parse('2026-03-01T12:03:00Z') });
    expect(ticks(app)).toEqual(['cron: cron_restart (* * * * *): start begins', 'cron: cron_restart (* * * * *): start begins']);
  });

  it('is not started a second time while it still runs', async () => {
    const app = job(90_000);
    app.start(JOB);
    await app.advance(61_000);
    expect(app.workers).toHaveLength(1);
    expect(ticks(app)).toEqual(['cron: cron_restart (* * * * *): skipped, because the last run still runs']);
    await app.advance(60_000);
    expect(app.workers).toHaveLength(2);
  });

  it('whose first run fails is started by the next tick all the same', async () => {
    const app = job(100, 3);
    const start = app.start(JOB);
    await app.advance(5_000);
    expect(start.error).toMatchObject({ code: 'LB_ERR_NOT_STARTED_YET', message: expect.stringContaining('the next tick of cron_restart starts it again') });
    expect(app.finished).toBe(0);
    await app.advance(56_000);
    expect(app.workers).toHaveLength(2);
  });

  it('that was waiting waits again in another primary', async () => {
    const app = job(2_000);
    const start = app.order({ kind: 'start', spec: sampleSpec({ hangTimeoutMs: null, ...JOB }), strict: true, generation: 1, resting: true });
    await app.advance(30_000);
    expect(start.answer).toMatchObject({ kind: 'done', message: 'api is not running: the next tick of cron_restart starts it again' });
    expect(app.workers).toHaveLength(0);
    expect((await app.snapshot()).state).toBe('waiting');
    await app.advance(31_000);
    expect(app.workers).toHaveLength(1);
  });

  it('is not started after a stop', async () => {
    const app = job(2_000);
    app.start(JOB);
    await app.advance(10_000);
    const stop = app.order({ kind: 'stop' });
    await app.advance(1_000);
    expect(stop.answer).toMatchObject({ kind: 'done' });
    expect(app.finished).toBe(1);
    await app.advance(120_000);
    expect(app.workers).toHaveLength(1);
  });

  it('takes a new definition without running, and runs at once when it is restarted', async () => {
    const app = job(2_000);
    app.start(JOB);
    await app.advance(10_000);
    const reload = app.order({ kind: 'reload', spec: sampleSpec({ hangTimeoutMs: null, ...JOB, args: ['v2'] }) });
    await app.advance(1_000);
    expect(reload.answer).toMatchObject({ message: expect.stringMatching(/^api is not running, and takes its new definition when it starts: the next tick/) });
    expect(app.workers).toHaveLength(1);
    app.order({ kind: 'restart' });
    await app.advance(1_000);
    expect(app.workers).toHaveLength(2);
    expect(app.workers[1]?.spec.args).toEqual(['v2']);
  });

  it('ends with its last run when a new definition has no cron', async () => {
    const app = job(2_000);
    app.start(JOB);
    await app.advance(10_000);
    app.order({ kind: 'reload', spec: sampleSpec({ hangTimeoutMs: null, ...JOB, cron: null }) });
    await app.advance(10_000);
    expect(app.finished).toBe(1);
  });
});

describe('an app that serves', () => {
  it('is reloaded by a tick', async () => {
    const app = await PrimaryHarness.online({ instances: 1, cron: EVERY_MINUTE }, undefined, undefined, () => {
      vi.setSystemTime(Date.parse('2026-03-01T12:00:00Z'));
    });
    await app.advance(65_000);
    expect(ticks(app)).toEqual(['cron: cron_restart (* * * * *): reload begins']);
    expect(await app.snapshot()).toMatchObject({ state: 'online', generation: 2, ready: 1 });
  });

  it('is left alone when the clock jumped over the tick, and followed again from there', async () => {
    const app = await PrimaryHarness.online({ instances: 1, cron: EVERY_MINUTE }, undefined, undefined, () => {
      vi.setSystemTime(Date.parse('2026-03-01T12:00:00Z'));
    });
    vi.setSystemTime(Date.parse('2026-03-01T18:00:05Z'));
    await app.advance(31_000);
    expect(ticks(app)).toEqual(['cron: cron_restart (* * * * *): the tick of 2026-03-01T12:01:00.000Z was missed']);
    expect(await app.snapshot()).toMatchObject({ generation: 1, nextTickAt: Date.parse('2026-03-01T18:01:00Z') });
  });

  it('keeps serving what runs when its script is gone', async () => {
    const app = await PrimaryHarness.online({ instances: 1, cron: EVERY_MINUTE }, undefined, undefined, () => {
      vi.setSystemTime(Date.parse('2026-03-01T12:00:00Z'));
    });
    app.startProblem = 'its script is gone';
    await app.advance(61_000);
    expect(ticks(app)).toEqual(['cron: cron_restart (* * * * *): not possible: its script is gone']);
    expect(app.alive).toHaveLength(1);
  });
});
