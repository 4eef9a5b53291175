import { afterEach, expect, it, vi } from 'vitest';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { PrimaryHarness } from './primary-harness.ts';

const WATCH = { watch: { paths: ['/srv/api'], ignore: [], delayMs: 300, options: {} } } as const satisfies Partial<AppSpec>;

afterEach(() => {
  vi.useRealTimers();
});

const changes = ({ events }: PrimaryHarness): string[] => events.filter((event) => event.startsWith('watch: '));

it('a burst of changes is one reload, after the last of them', async () => {
  const app = await PrimaryHarness.online({ instances: 1, ...WATCH });
  for (const file of ['a.js', 'b.js', 'a.js']) {
    app.changeFile(`/srv/api/${file}`);
    await app.advance(200);
  }
  expect(changes(app)).toEqual([]);
  await app.advance(5_000);
  expect(changes(app)).toEqual(['watch: a.js and 1 more changed: reload begins']);
  expect(await app.snapshot()).toMatchObject({ state: 'online', generation: 2, ready: 1 });
});

it('an app that has given up stays errored, is started by a change, and does not end before it is stopped', async () => {
  const app = new PrimaryHarness(({ n }) => (n < 3 ? { bootMs: null, crashAfterMs: 50, code: 3 } : {}));
  app.start({ instances: 1, restartDelayMs: 100, maxRestarts: 2, ...WATCH });
  await app.advance(5_000);
  expect(app.workers).toHaveLength(3);
  expect(app.finished).toBe(0);
  expect((await app.snapshot()).state).toBe('errored');
  app.changeFile('/srv/api/server.js');
  await app.advance(2_000);
  expect(changes(app)).toEqual(['watch: server.js changed: start begins']);
  expect(await app.snapshot()).toMatchObject({ state: 'online', ready: 1 });
  app.order({ kind: 'stop' });
  await app.advance(2_000);
  expect(app.finished).toBe(1);
});

it('code that does not start leaves the old one serving, and the next change is taken', async () => {
  const app = await PrimaryHarness.online({ instances: 1, ...WATCH }, ({ n }) => (n === 1 ? { bootMs: null, crashAfterMs: 50, code: 3 } : {}));
  app.changeFile('/srv/api/server.js');
  await app.advance(3_000);
  expect(app.workers).toHaveLength(2);
  expect(await app.snapshot()).toMatchObject({ state: 'online', ready: 1 });
  app.changeFile('/srv/api/server.js');
  await app.advance(5_000);
  expect(await app.snapshot()).toMatchObject({ state: 'online', ready: 1, generation: 3 });
});
