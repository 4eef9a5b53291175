import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import type { Tally } from '../../src/lifecycle/canary.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import type { FakeWorker } from './fake-workers.ts';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Adds to what became of a worker's requests. */
const add = (worker: FakeWorker | undefined, changes: Partial<Tally>): void => {
  if (worker === undefined) throw new Error('no such worker');
  worker.tally = { ...worker.tally, ...changes };
};

/** A reload whose canary is ready; its peers have a past of 1000 answers, half of them 5xx. */
async function withCanary(changes: Partial<AppSpec> = {}, order: { readonly monitorMs?: number; readonly spec?: AppSpec } = {}) {
  const app = await PrimaryHarness.online({ instances: 3, ...changes });
  const peers = [...app.workers];
  for (const peer of peers) add(peer, { answers: 1_000, serverErrors: 500 });
  const reload = app.order({ kind: 'reload', ...order });
  await app.advance(150);
  const canary = app.workers[peers.length];
  /** Answers of all peers together. */
  const serve = (answers: number, serverErrors = 0): void =>
    peers.forEach((peer, i) => add(peer, i === 0 ? { answers: 1_000 + answers, serverErrors: 500 + serverErrors } : {}));
  return { app, peers, reload, canary, serve, before: app.pids };
}

describe('the canary of a reload', () => {
  it('answers 500 to all: the reload fails, and no other slot ever runs the new version', async () => {
    const { app, reload, canary, serve, peers } = await withCanary();
    add(canary, { answers: 7, serverErrors: 7 });
    serve(22);
    await app.advance(1_500);
    expect(reload.error).toMatchObject({
      code: 'LB_ERR_RELOAD_FAILED',
      message: 'reload of "api" failed: worker 0 of generation 2 answered 7 of 7 requests with 5xx, its peers 0 of 22',
      hint: 'the previous version is still serving; fix the problem and reload again',
    });
    expect(reload.progress.map(({ message }) => message)).toContain('api[0] answered 7 of 7 requests with 5xx, its peers 0 of 22');
    expect(app.workers).toHaveLength(4);
    expect(app.alive).toEqual(peers);
    expect(await app.snapshot()).toMatchObject({ state: 'online', generations: [{ generation: 1, slots: [0, 1, 2] }] });
  });

  it('of an app with one worker is compared with its predecessor', async () => {
    const { app, reload, canary, serve } = await withCanary({ instances: 1 });
    add(canary, { answers: 12, serverErrors: 12 });
    serve(12);
    await app.advance(1_500);
    expect(reload.error?.message).toContain('answered 12 of 12 requests with 5xx, its peers 0 of 12');
  });

  it('whose peers fail as much, now, passes in the usual time', async () => {
    const { app, reload, canary, serve } = await withCanary();
    add(canary, { answers: 20, serverErrors: 20 });
    serve(60, 59);
    await app.advance(1_000);
    expect(app.workers.filter(({ leaving }) => leaving)).toHaveLength(1);
    await app.advance(10_000);
    expect(reload.error).toBeNull();
  });

  it('without traffic passes in the usual time', async () => {
    const { app, canary } = await withCanary();
    await app.advance(940);
    expect(app.workers.some(({ leaving }) => leaving)).toBe(false);
    await app.advance(60);
    expect(app.workers[0]?.leaving).toBe(true);
    expect(canary?.alive).toBe(true);
  });

  it('that seems to fail is watched for longer, until that is proved', async () => {
    const { app, reload, canary, serve } = await withCanary();
    add(canary, { answers: 2, serverErrors: 2 });
    serve(6);
    await app.advance(4_000);
    expect([reload.error, app.workers.length]).toEqual([null, 4]);
    add(canary, { answers: 8, serverErrors: 8 });
    serve(24);
    await app.advance(1_000);
    expect(reload.error?.message).toContain('answered 8 of 8 requests with 5xx, its peers 0 of 24');
  });

  it('that seems to fail passes after ten monitor windows if nothing is proved, and at once if it recovers', async () => {
    const never = await withCanary();
    add(never.canary, { answers: 1, serverErrors: 1 });
    never.serve(3);
    await never.app.advance(9_500);
    expect(never.app.workers).toHaveLength(4);
    await never.app.advance(1_000);
    expect(never.app.workers.length).toBeGreaterThan(4);
    const recovered = await withCanary();
    add(recovered.canary, { answers: 3, serverErrors: 1, late: 2 });
    recovered.serve(9);
    await recovered.app.advance(2_000);
    expect(recovered.app.workers).toHaveLength(4);
    add(recovered.canary, { answers: 30, serverErrors: 1, late: 0 });
    await recovered.app.advance(600);
    expect(recovered.app.workers.length).toBeGreaterThan(4);
  });

  it('that the traffic of its peers has not reached is waited for, and gets connections from them', async () => {
    const { app, peers, serve } = await withCanary();
    for (const peer of peers) peer.beat({ kept: 5, requests: 50 });
    serve(30);
    await app.advance(1_500);
    expect(app.workers).toHaveLength(4);
    expect(peers.map(({ rebalances }) => rebalances)).toEqual([[3], [3], [3]]);
    await app.advance(2_000);
    expect(app.workers.length).toBeGreaterThan(4);
    expect(peers[1]?.rebalances).toEqual([3, 0]);
  });

  it('a hanging one fails', async () => {
    const { app, reload, canary, serve } = await withCanary();
    add(canary, { late: 7 });
    serve(100);
    await app.advance(5_000);
    expect(reload.error).toBeNull();
    add(canary, { late: 20, hung: 9 });
    await app.advance(1_000);
    expect(reload.error?.message).toContain('left 9 of 9 requests without an answer, its peers 0 of 100');
  });

  it('one that is blocked is watched for longer, and left to the checks for hangs after that', async () => {
    const { app, reload, canary } = await withCanary();
    if (canary !== undefined) canary.answersTally = false;
    await app.advance(8_000);
    expect(app.workers).toHaveLength(4);
    await app.advance(4_000);
    expect(app.workers.length).toBeGreaterThan(4);
    expect(reload.error).toBeNull();
  });

  it('--monitor 0 and canary: false compare nothing; the option sets the window', async () => {
    for (const [changes, order] of [
      [{}, { monitorMs: 0 }],
      [{ canary: null }, { monitorMs: 100 }],
    ] as const) {
      const { app, canary, serve } = await withCanary(changes, order);
      add(canary, { answers: 50, serverErrors: 50 });
      serve(150);
      await app.advance(1_000);
      expect(app.workers.length).toBeGreaterThan(4);
    }
    const slow = await withCanary({ canary: { monitorMs: 5_000, failureRate: 0.1, requests: 5 } });
    await slow.app.advance(4_500);
    expect(slow.app.workers).toHaveLength(4);
  });

  it('with --on-failure continue keeps its old worker, and the next slot has a canary of its own', async () => {
    const app = await PrimaryHarness.online({ instances: 2 });
    const reload = app.order({ kind: 'reload', onFailure: 'continue' });
    await app.advance(150);
    add(app.workers[2], { answers: 20, serverErrors: 20 });
    add(app.workers[0], { answers: 20 });
    await app.advance(5_000);
    expect(reload.error?.message).toContain('worker 0 of generation 2 answered 20 of 20 requests with 5xx');
    expect(reload.error?.hint).toBe('slot 1 runs generation 2; slot 0 runs generation 1; fix the problem and reload again');
    expect(app.alive.map(({ slot }) => slot).sort()).toEqual([0, 1]);
  });

  it('stop-first with one worker has nobody to be compared with, and passes in the usual time', async () => {
    const { app, reload, canary } = await withCanary({ overlap: false, instances: 1 });
    add(canary, { answers: 50, serverErrors: 50 });
    await app.advance(900);
    expect(reload.answer).toBeNull();
    await app.advance(200);
    expect(reload.answer).not.toBeNull();
  });

  it('stop-first is compared with the other slots; what was ended does not come back by itself', async () => {
    const { app, reload, canary, serve, peers } = await withCanary({ overlap: false });
    expect(peers.filter(({ alive }) => alive)).toHaveLength(2);
    add(canary, { answers: 9, serverErrors: 9 });
    for (const peer of peers.slice(1)) add(peer, { answers: 1_015 });
    serve(0);
    await app.advance(1_500);
    expect(reload.error).toMatchObject({
      code: 'LB_ERR_RELOAD_FAILED',
      hint: 'slot 0 runs generation 2; slots 1 and 2 run generation 1; fix the problem and reload again',
    });
    expect(canary?.leaving).toBe(false);
    const changed = await withCanary({ overlap: false }, { spec: sampleSpec({ overlap: false, instances: 3, args: ['v2'], hangTimeoutMs: null }) });
    add(changed.canary, { answers: 9, serverErrors: 9 });
    for (const peer of changed.peers.slice(1)) add(peer, { answers: 1_015 });
    await changed.app.advance(3_000);
    expect(changed.reload.error?.hint).toMatch(/^the previous version is still serving/);
    expect(changed.app.alive.every(({ spec }) => spec.args[0] === '--verbose')).toBe(true);
  });
});

describe('the files of a generation', () => {
  const RELEASES = { 41: 7, 42: 8 } as const;
  const at = (release: keyof typeof RELEASES) => ({
    script: `/srv/${release}/server.js`,
    cwd: `/srv/${release}`,
    inode: RELEASES[release],
    bytes: 1,
    modifiedMs: 1,
  });
  const isNew = (generation: number, worker: { generation: number }): boolean => worker.generation === generation;

  /** A reload of three workers whose new version dies in the second slot. */
  async function failing(deploy: (app: PrimaryHarness) => void, first: (app: PrimaryHarness) => void = () => {}) {
    const app = new PrimaryHarness();
    first(app);
    app.start({ instances: 3 });
    await app.advance(1_000);
    deploy(app);
    app.behave = ({ slot, spec }) => (slot === 1 && spec.script !== '/srv/41/server.js' ? { bootMs: null, crashAfterMs: 50 } : {});
    const reload = app.order({ kind: 'reload', monitorMs: 100 });
    await app.advance(3_000);
    return { app, reload };
  }

  it('overwritten in place: what was replaced stays, and everybody is told', async () => {
    const { app, reload } = await failing((own) => {
      own.files = (script, cwd) => ({ script, cwd, inode: 1, bytes: 2, modifiedMs: 2 });
    });
    expect(reload.error?.hint).toBe(
      'slot 0 runs generation 2; slots 1 and 2 run generation 1, whose files have changed on disk since: it cannot be started again; fix the problem and reload again',
    );
    const snapshot = await app.snapshot();
    expect(snapshot).toMatchObject({
      generation: 2,
      generations: [
        { generation: 2, slots: [0], files: 'same' },
        { generation: 1, slots: [1, 2], files: 'changed' },
      ],
    });
  });

  it('release folders behind a link: every slot goes back to the folder from which it was started', async () => {
    const link = (release: keyof typeof RELEASES) => (own: PrimaryHarness) => {
      own.files = (script) => (script.includes('/41/') ? at(41) : script.includes('/42/') ? at(42) : at(release));
    };
    const { app, reload } = await failing(link(42), link(41));
    expect(reload.error?.hint).toBe('the previous version is still serving; fix the problem and reload again');
    expect(reload.progress.map(({ message }) => message)).toContain('api: rolling 1 replaced worker back to the previous version');
    expect(app.alive.filter(({ slot }) => slot === 0).map(({ spec }) => [spec.script, spec.cwd])).toEqual([['/srv/41/server.js', '/srv/41']]);
    const snapshot = await app.snapshot();
    expect(snapshot.workers.every((worker) => isNew(1, worker))).toBe(true);
    expect(snapshot.spec.script).toBe('/srv/api/server.js');
    // A crash does not bring the new version in either.
    app.alive.find(({ slot }) => slot === 2)?.end(1, null);
    await app.advance(500);
    expect(app.alive.find(({ slot }) => slot === 2)?.spec.script).toBe('/srv/41/server.js');
    // The next reload follows the link again, and has a number of its own.
    app.behave = () => ({});
    const again = app.order({ kind: 'reload', monitorMs: 0 });
    await app.advance(3_000);
    expect(again.answer).toMatchObject({ message: 'api reloaded, generation 3, 3 workers' });
    expect(app.alive.every(({ spec }) => spec.script === '/srv/api/server.js')).toBe(true);
  });

  it('a release folder that is gone is no way back', async () => {
    const { reload } = await failing(
      (own) => {
        own.files = (script) => (script.includes('/41/') ? null : at(42));
      },
      (own) => {
        own.files = () => at(41);
      },
    );
    expect(reload.error?.hint).toMatch(/^slot 0 runs generation 2; slots 1 and 2 run generation 1, whose files have changed/);
  });
});
