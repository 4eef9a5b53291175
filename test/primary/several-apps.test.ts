import { afterEach, describe, expect, it, vi } from 'vitest';
import { PrimaryHarness } from './primary-harness.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A primary that runs `api` and `jobs`. */
async function both(): Promise<PrimaryHarness> {
  const primary = await PrimaryHarness.online();
  const start = primary.start({ name: 'jobs', instances: 1 });
  await primary.advance(1_000);
  expect(start.answer).toMatchObject({ kind: 'done', snapshot: { name: 'jobs', ready: 1 } });
  return primary;
}

const ended = ({ messages }: PrimaryHarness): readonly string[] => messages.flatMap((message) => (message.type === 'ended' ? [message.app] : []));

describe('a primary with two apps', () => {
  it('carries out each order for its app, and reports under its name', async () => {
    const primary = await both();
    const scale = primary.order({ kind: 'scale', to: 3 }, 'jobs');
    const list = primary.order({ kind: 'list' }, 'api');
    await primary.advance(1_000);
    expect(scale.answer).toMatchObject({ kind: 'done', snapshot: { name: 'jobs', ready: 3 } });
    expect(list.answer).toMatchObject({ kind: 'list', app: { name: 'api', ready: 2 } });
    const { apps } = primary.hello();
    expect(apps.map(({ spec, snapshot }) => [spec.name, snapshot.name, snapshot.ready])).toEqual([
      ['api', 'api', 2],
      ['jobs', 'jobs', 3],
    ]);
    for (const message of primary.messages) if (message.type === 'event') expect(message.event.app).toBe(message.app);
    expect(new Set(primary.messages.flatMap((message) => ('app' in message ? [message.app] : [])))).toEqual(new Set(['api', 'jobs']));
  });

  it('goes on when one of them is stopped, and exits after the last', async () => {
    const primary = await both();
    primary.order({ kind: 'stop' }, 'jobs');
    await primary.advance(1_000);
    expect([ended(primary), primary.finished]).toEqual([['jobs'], 0]);
    expect(primary.alive).toHaveLength(2);
    expect(primary.hello().apps.map(({ spec }) => spec.name)).toEqual(['api']);
    const again = primary.start({ name: 'jobs', instances: 1 });
    await primary.advance(1_000);
    expect(again.answer).toMatchObject({ kind: 'done', snapshot: { ready: 1, generation: 1 } });
    primary.order({ kind: 'stop' }, 'jobs');
    primary.order({ kind: 'stop' }, 'api');
    await primary.advance(1_000);
    expect([ended(primary), primary.finished]).toEqual([['jobs', 'jobs', 'api'], 1]);
  });

  it('drains both when it is told to leave', async () => {
    const primary = await both();
    primary.leave();
    await primary.advance(1_000);
    expect([[...ended(primary)].sort(), primary.alive, primary.finished]).toEqual([['api', 'jobs'], [], 1]);
  });
});

it('a primary without an app leaves at once', async () => {
  const primary = new PrimaryHarness();
  expect(primary.hello().apps).toEqual([]);
  primary.leave();
  await primary.advance(0);
  expect(primary.finished).toBe(1);
});
