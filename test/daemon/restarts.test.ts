import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import type { Attachment } from '../../src/daemon/attachment.ts';
import { Restarts } from '../../src/daemon/restarts.ts';

const CURRENT = {} as Attachment;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface World {
  readonly restart: (app: string, attachment?: Attachment) => void;
  /** In the order in which they began to start. */
  readonly begun: readonly string[];
  readonly cameUp: (app: string) => void;
}

/** @param left what keeps an app from running again */
function setUp(left: Map<string, Promise<void>> = new Map()): World {
  const begun: string[] = [];
  const ups = new Map<string, () => void>();
  for (const [app, gone] of left) void gone.then(() => left.delete(app));
  const restarts = new Restarts({
    replaced: () => Promise.resolve(),
    obstacle: (app) => left.get(app) ?? null,
    isCurrent: (attachment) => attachment === CURRENT,
    log: () => {},
  });
  const start = (app: string): Promise<void> => {
    begun.push(app);
    return new Promise((resolve) => ups.set(app, resolve));
  };
  return { begun, restart: (app, attachment = CURRENT) => void restarts.restart(app, attachment, () => start(app)), cameUp: (app) => ups.get(app)?.() };
}

it('starts a few apps at a time, the others in order as those have come up', async () => {
  const { restart, begun, cameUp } = setUp();
  const most = 2 * availableParallelism();
  const names = Array.from({ length: most + 2 }, (_, n) => `app${n}`);
  for (const name of names) restart(name);
  await turn();
  expect(begun).toEqual(names.slice(0, most));
  cameUp('app1');
  await turn();
  expect(begun).toEqual(names.slice(0, most + 1));
  cameUp('app0');
  await turn();
  expect(begun).toEqual(names);
});

it('an app waits for what is left of it, and for no other; in a primary that is gone none starts', async () => {
  let gone = (): void => {};
  const { restart, begun } = setUp(new Map([['bot', new Promise<void>((resolve) => (gone = resolve))]]));
  for (const name of ['bot', 'api']) restart(name);
  restart('late', {} as Attachment);
  await turn();
  expect(begun).toEqual(['api']);
  gone();
  await turn();
  expect(begun).toEqual(['api', 'bot']);
});
