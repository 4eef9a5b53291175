import { afterEach, vi } from 'vitest';

/**
 * A worker process has one `Traffic` and one `Drain` for its whole life, but here each test has its own. Subscriptions and
 * timers are removed after each test.
 */
const leftovers = vi.hoisted(() => [] as (() => void)[]);

vi.mock('node:diagnostics_channel', async (original) => {
  const real = await original<typeof import('node:diagnostics_channel')>();
  const subscribe: typeof real.subscribe = (name, listener) => {
    real.subscribe(name, listener);
    leftovers.push(() => void real.unsubscribe(name, listener));
  };
  return { ...real, subscribe };
});

const { Traffic } = await import('../../src/worker/traffic.ts');
const { Drain } = await import('../../src/worker/drain.ts');

type Traffic = InstanceType<typeof Traffic>;
type DrainReport = ConstructorParameters<typeof Drain>[1]['report'];
type Others = ConstructorParameters<typeof Drain>[1]['others'];

const ALONE: Others = { quiet: true, addBlockers: (own) => own, leave: () => {} };

export function startTraffic(): Traffic {
  const traffic = new Traffic();
  traffic.start();
  return traffic;
}

export function drainOf(traffic: Traffic, report: DrainReport, idleMs?: number, others: Others = ALONE): InstanceType<typeof Drain> {
  const begin = vi.spyOn(globalThis, 'setInterval');
  leftovers.push(() => {
    for (const { value } of begin.mock.results) clearInterval(value as NodeJS.Timeout);
    begin.mockRestore();
  });
  return new Drain(traffic, { others, acceptNothing: () => {}, unrefServers: () => {}, idleMs, report });
}

afterEach(() => {
  for (const end of leftovers.splice(0)) end();
});
