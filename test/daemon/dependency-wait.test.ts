import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmitEvent } from '../../src/protocol/event.ts';
import { dependenciesUp, type Dependency } from '../../src/daemon/dependency-wait.ts';

interface Fake extends Dependency {
  starting: boolean;
  waits: boolean;
  view: { stats: { state: Dependency['view']['stats']['state']; ready: number } };
}

const dependency = (name: string): Fake => ({
  name,
  spec: { listenTimeoutMs: 300, readyMin: 1, instances: 1, autorestart: true },
  starting: true,
  waits: false,
  view: { stats: { state: 'starting', ready: 0 } },
});

describe('dependenciesUp', () => {
  const notes: string[] = [];
  const events: string[] = [];
  const event = ((kind: string, message: string) => void events.push(`${kind}: ${message}`)) as EmitEvent;
  const api = { name: 'api', wanted: true, waits: false, event };
  const wait = (dependencies: readonly Dependency[], dependent = api): Promise<void> =>
    dependenciesUp(dependent, dependencies, ({ message }) => notes.push(message));
  beforeEach(() => void (notes.splice(0), events.splice(0)));

  it('does not wait for what is ready', async () => {
    await wait([{ ...dependency('db'), starting: false, view: { stats: { state: 'online', ready: 1 } } }]);
    expect([notes, events]).toEqual([[], []]);
  });

  it('waits until it is ready', async () => {
    const db = dependency('db');
    let isDone = false;
    const waiting = wait([db]).then(() => (isDone = true));
    await vi.waitFor(() => expect(notes).toEqual(['api waits for db']));
    expect(isDone).toBe(false);
    db.view.stats = { state: 'online', ready: 1 };
    await waiting;
    expect(events).toEqual([]);
  });

  it('goes on with a warning when it is not ready in time, or will not be', async () => {
    await wait([dependency('db')]);
    expect(events).toEqual(['dependency: api starts although db, on which it depends, is not ready after 300 ms']);
    await wait([{ ...dependency('db'), starting: false, view: { stats: { state: 'stopped', ready: 0 } } }]);
    expect(events[1]).toBe('dependency: api starts although db, on which it depends, does not run');
  });

  it('the time of one that waits itself does not run', async () => {
    const db = { ...dependency('db'), waits: true };
    const cache = dependency('cache');
    let isDone = false;
    const waiting = wait([db, cache]).then(() => (isDone = true));
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(isDone).toBe(false);
    db.waits = false;
    await waiting;
    expect(events).toEqual(['cache', 'db'].map((name) => `dependency: api starts although ${name}, on which it depends, is not ready after 300 ms`));
  });

  it('ends when the app is stopped meanwhile', async () => {
    const stopped = { ...api };
    const waiting = wait([dependency('db')], stopped);
    await vi.waitFor(() => expect(notes).toHaveLength(1));
    expect(stopped.waits).toBe(true);
    stopped.wanted = false;
    await waiting;
    expect(stopped.waits).toBe(false);
    expect(events).toEqual([]);
  });
});
