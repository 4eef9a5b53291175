import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProfileBody } from '../../../src/protocol/profile.ts';
import type { FakeWorker } from '../fake-workers.ts';
import { PrimaryHarness, type Ordered } from '../primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

async function order(app: PrimaryHarness, body: ProfileBody): Promise<Ordered> {
  const ordered = app.order({ kind: 'profile', ...body });
  await app.advance(10);
  return ordered;
}

/** The worker reports that it has written the last requested profile. */
async function write(app: PrimaryHarness, worker: FakeWorker | undefined, error: string | null = null): Promise<void> {
  worker?.tell({ t: 'profiled', path: worker.profiles.at(-1)?.path, bytes: 4_711, error });
  await app.advance(10);
}

async function takers(app: PrimaryHarness, count: number): Promise<number[]> {
  const before = app.workers.map(({ connections }) => connections.length);
  for (let i = 0; i < count; i++) {
    app.accept();
    await app.advance(5);
  }
  return app.workers.map(({ connections }, index) => connections.length - (before[index] ?? 0));
}

describe('a profile', () => {
  it('is taken of the busiest worker, and the answer names the file', async () => {
    const app = await PrimaryHarness.online();
    app.workers[0]?.beat({ eventLoopUtilization: 0.2 });
    app.workers[1]?.beat({ eventLoopUtilization: 0.7 });
    const ordered = await order(app, { what: 'cpu', durationMs: 2_000 });
    const [request] = app.workers[1]?.profiles ?? [];
    expect(request).toMatchObject({ what: 'cpu', durationMs: 2_000, path: expect.stringMatching(/^\/h\/profiles\/api-1-\d+-\d{8}T\d{9}\.cpuprofile$/) });
    expect(ordered.progress.map(({ message }) => message)).toEqual([expect.stringContaining('api[1] CPU profile started, for 2 s')]);
    await write(app, app.workers[1]);
    expect(ordered.answer).toEqual({ kind: 'profile', file: { what: 'cpu', path: request?.path, bytes: 4_711, slot: 1, pid: app.workers[1]?.pid } });
    expect(app.events.at(-1)).toBe(`profile: CPU profile of worker 1: ${request?.path}`);
  });

  it('stays where it was written if it cannot be moved', async () => {
    const app = await PrimaryHarness.online();
    const ordered = await order(app, { what: 'cpu', durationMs: 2_000, slot: 0, output: '/nonexistent/it.cpuprofile' });
    const [request] = app.workers[0]?.profiles ?? [];
    await write(app, app.workers[0]);
    await vi.waitFor(() => expect(app.events.at(-1)).toBe(`profile: CPU profile of worker 0: ${request?.path}`));
    expect(ordered.answer).toMatchObject({ file: { path: request?.path } });
  });

  it('of the heap takes the worker out of rotation until it is written, and waits for its requests', async () => {
    const app = await PrimaryHarness.online();
    app.workers[0]?.beat({ requestsInFlight: 2, eventLoopUtilization: 0.5 });
    const ordered = await order(app, { what: 'heap', slot: 0 });
    expect(await takers(app, 4)).toEqual([0, 4]);
    expect(app.workers[0]?.profiles).toEqual([]);
    app.workers[0]?.beat({ requestsInFlight: 0 });
    await app.advance(100);
    expect(app.workers[0]?.profiles).toHaveLength(1);
    expect(await takers(app, 4)).toEqual([0, 4]);
    await write(app, app.workers[0]);
    expect(ordered.answer).not.toBeNull();
    expect(await takers(app, 4)).toEqual([2, 2]);
  });

  it('of the heap does not wait forever for requests that do not end', async () => {
    const app = await PrimaryHarness.online();
    app.workers[0]?.beat({ requestsInFlight: 2, eventLoopUtilization: 0.5 });
    await order(app, { what: 'heap', slot: 0 });
    await app.advance(6_100);
    expect(app.workers[0]?.profiles).toHaveLength(1);
  });

  it('of the heap first closes keep-alive connections after a response, and stops doing so when it is done', async () => {
    const app = await PrimaryHarness.online();
    const [worker, other] = app.workers;
    worker?.beat({ kept: 3, eventLoopUtilization: 0.5 });
    await order(app, { what: 'heap', slot: 0 });
    expect(worker?.rebalances).toEqual([Number.MAX_SAFE_INTEGER]);
    worker?.beat({ kept: 1, eventLoopUtilization: 0.5 });
    await app.advance(100);
    expect(worker?.profiles).toEqual([]);
    worker?.beat({ kept: 0, eventLoopUtilization: 0.5 });
    await app.advance(100);
    expect(worker?.profiles).toHaveLength(1);
    await write(app, worker);
    expect([worker?.rebalances.at(-1), other?.rebalances]).toEqual([0, []]);
  });

  it('of the heap of a sole worker closes no connections, because no other worker could serve the clients', async () => {
    const app = await PrimaryHarness.online({ instances: 1 });
    const [worker] = app.workers;
    worker?.beat({ kept: 3, eventLoopUtilization: 0.5 });
    const ordered = await order(app, { what: 'heap' });
    expect(ordered.progress.map(({ message }) => message)).toContain('api[0] taken out of rotation; no other worker is serving, so its clients wait');
    worker?.beat({ kept: 3, requestsInFlight: 0, eventLoopUtilization: 0.5 });
    await app.advance(100);
    expect(worker?.profiles).toHaveLength(1);
    expect(worker?.rebalances).toEqual([]);
  });

  it('may block its worker for longer than hang_timeout and fail its checks; afterwards both count again', async () => {
    const app = await PrimaryHarness.online({ hangTimeoutMs: 5_000, ejection: null });
    const silent = app.workers[0];
    const beats = setInterval(() => app.workers[1]?.beat({ eventLoopUtilization: 0.5 }), 1_000);
    silent?.beat({ eventLoopUtilization: 0.5 });
    await order(app, { what: 'heap', slot: 0 });
    await app.advance(60_000);
    expect(app.events.filter((event) => /^(hung|eject|exit)/.test(event))).toEqual([]);
    await write(app, silent);
    await app.advance(4_000);
    expect(app.events.filter((event) => event.startsWith('hung'))).toEqual([]);
    await app.advance(4_000);
    clearInterval(beats);
    expect(app.events.filter((event) => event.startsWith('hung'))).toHaveLength(1);
  });

  it.each([
    [{ what: 'cpu', slot: 2 }, 'LB_ERR_SLOT', 'no slot 2'],
    [{ what: 'cpu', slot: 1 }, 'LB_ERR_PROFILE', 'a CPU profile of worker 1 is already running'],
  ] as const)('is refused: %j', async (body, code, message) => {
    const app = await PrimaryHarness.online();
    await order(app, { what: 'cpu', slot: 1, durationMs: 60_000 });
    const { error } = await order(app, body);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('is refused while no worker is ready', async () => {
    const app = new PrimaryHarness(() => ({ bootMs: null }));
    app.start();
    await app.advance(10);
    expect((await order(app, { what: 'report' })).error).toMatchObject({ code: 'LB_ERR_PROFILE', message: expect.stringContaining('no worker is ready') });
    expect((await order(app, { what: 'report', slot: 0 })).error?.message).toContain('worker 0 is starting');
  });

  it.each([
    ['cannot take a CPU profile of "api": the worker exited', (worker: FakeWorker) => worker.end(1, null)],
    ['ENOSPC', (worker: FakeWorker) => worker.tell({ t: 'profiled', path: worker.profiles[0]?.path, bytes: 0, error: 'Error: ENOSPC' })],
    ['did not answer within 70 s', () => {}],
  ])('fails when %s', async (reason, happens) => {
    const app = await PrimaryHarness.online();
    const ordered = await order(app, { what: 'cpu', slot: 0 });
    happens(app.workers[0] as FakeWorker);
    await app.advance(71_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(ordered.error).toMatchObject({ code: 'LB_ERR_PROFILE', message: expect.stringContaining(reason) }));
    expect(app.events).toContainEqual(expect.stringMatching(new RegExp(`^profile-failed: .*${reason}`)));
  });
});
