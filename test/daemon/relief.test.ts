import { beforeEach, expect, it, vi } from 'vitest';
import type { Attachment, AttachmentEvents, PrimaryHello } from '../../src/daemon/attachment.ts';
import type { KeptHandles } from '../../src/daemon/kept-handles.ts';
import { Reliefs, type HeldPrimary, type RelievedApp } from '../../src/daemon/relief.ts';
import type { Answer } from '../../src/protocol/attach.ts';

/** The old one. */
const primary = vi.hoisted(() => ({ isAlive: false }));
vi.mock('../../src/system/processes.ts', () => ({ isAlive: () => primary.isAlive }));

const NEXT_PID = 4_000_001;
/** No process of this machine has it. */
const START_TIME = 1;
const DONE = { kind: 'snapshot' } as unknown as Answer;

class FakeAttachment {
  events: Partial<AttachmentEvents> = {};
  left = 0;
  readonly orders: { readonly app: string; settle: (answer: Answer) => void; fail: (error: Error) => void }[] = [];
  order(app: string): Promise<Answer> {
    return new Promise((settle, fail) => this.orders.push({ app, settle, fail }));
  }
  leave(): void {
    this.left++;
  }
  as(): Attachment {
    return this as unknown as Attachment;
  }
}

class FakeHandles {
  lentTo: unknown = null;
  readonly received = vi.fn<(message: { readonly type: string }) => void>();
  lend(attachment: Attachment): void {
    this.lentTo = attachment;
  }
  as(): KeptHandles {
    return this as unknown as KeptHandles;
  }
}

let heard: string[];
let exit: (how: string) => void;
let old: { attachment: FakeAttachment; handles: FakeHandles };
let next: { attachment: FakeAttachment; handles: FakeHandles };
let reliefs: Reliefs;

beforeEach(() => {
  primary.isAlive = false;
  heard = [];
  old = { attachment: new FakeAttachment(), handles: new FakeHandles() };
  next = { attachment: new FakeAttachment(), handles: new FakeHandles() };
  const before: HeldPrimary = {
    id: { pid: 4_000_000, startTime: START_TIME },
    attachment: old.attachment.as(),
    handles: old.handles.as(),
    program: 'old',
  };
  reliefs = new Reliefs({
    spawnBeside: (onExit) => {
      exit = onExit;
      return { id: { pid: NEXT_PID, startTime: START_TIME }, handles: next.handles.as() };
    },
    install: ({ program }) => {
      heard.push(`installed ${program}`);
      return before;
    },
    left: () => heard.push('left'),
  });
});

const app = (name: string, changes: Partial<RelievedApp> = {}): RelievedApp => ({
  name,
  wanted: true,
  stopFirst: false,
  killTimeoutMs: 100,
  startBeside: { kind: 'snapshot' },
  relieved: (_, pid, answer) =>
    void heard.push(`${name} relieved by ${pid === NEXT_PID ? 'the new one' : pid}, ${answer === null ? 'to be started' : 'started'}`),
  farewell: ({ type }) => void heard.push(`${name}: farewell ${type}`),
  announceGap: () => void heard.push(`${name}: gap`),
  ...changes,
});

const connect = (): boolean => reliefs.takes(next.attachment.as(), { pid: NEXT_PID, program: 'new' } as PrimaryHello);
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('starts the workers of every app beside the old ones before it installs the new primary', async () => {
  const relieved = reliefs.run([app('api'), app('jobs'), app('off', { wanted: false })], () => heard.push('replaced'));
  expect(connect()).toBe(true);
  expect(next.handles.lentTo).toBe(next.attachment);
  await turn();
  next.attachment.orders[0]?.settle(DONE);
  await turn();
  expect([heard, old.attachment.left]).toEqual([[], 0]);
  next.attachment.orders[1]?.settle(DONE);
  await relieved;
  expect(heard).toEqual([
    'installed new',
    'api relieved by the new one, started',
    'jobs relieved by the new one, started',
    'off relieved by the new one, to be started',
    // It was gone at once.
    'left',
    'replaced',
  ]);
  expect([old.attachment.left, next.attachment.left, next.attachment.orders.map((order) => order.app)]).toEqual([1, 0, ['api', 'jobs']]);
});

it('lets an app that must not run twice end in the old primary first, and says so; the others do not wait for it', async () => {
  primary.isAlive = true;
  const relieved = reliefs.run([app('api'), app('bot', { stopFirst: true })], () => heard.push('replaced'));
  connect();
  await turn();
  expect(next.attachment.orders.map((order) => order.app)).toEqual(['api']);
  next.attachment.orders[0]?.settle(DONE);
  await turn();
  expect(heard).toEqual(['bot: gap', 'installed new', 'api relieved by the new one, started']);
  old.attachment.events.received?.({ type: 'ended', app: 'bot' } as never);
  await turn();
  expect(heard.slice(3)).toEqual(['bot: farewell ended', 'bot relieved by the new one, to be started', 'replaced']);
  primary.isAlive = false;
  await relieved;
  expect(heard.slice(6)).toEqual(['left']);
});

it.each([
  ['ends before it connects', async () => (await turn(), exit('exit code 3')), 'ended before it connected (exit code 3)'],
  ['disconnects', async () => (connect(), await turn(), next.attachment.events.closed?.()), 'its new primary ended (it disconnected)'],
  ['ends while workers start', async () => (connect(), await turn(), exit('signal SIGKILL')), 'its new primary ended (signal SIGKILL)'],
  ['cannot start the app', async () => (connect(), await turn(), next.attachment.orders[0]?.fail(new Error('it throws'))), 'it throws'],
  ['is not wanted any more', async () => (connect(), await turn(), reliefs.cancel()), 'the app is being stopped'],
])('leaves the old primary as it was if the new one %s', async (_, happens, reason) => {
  const relieved = reliefs.run([app('api')], () => heard.push('replaced'));
  const failed = expect(relieved).rejects.toThrow(reason);
  await happens();
  await failed;
  expect([heard, old.attachment.left]).toEqual([[], 0]);
  // The next one may be tried.
  await reliefs.over();
  const again = reliefs.run([app('api')], () => {});
  next.attachment = new FakeAttachment();
  connect();
  await turn();
  next.attachment.orders[0]?.settle(DONE);
  await again;
});

it('passes on what the old one still prints and counts, and nothing of its own stop', async () => {
  const relieved = reliefs.run([app('api', { wanted: false })], () => {});
  connect();
  await relieved;
  heard.length = 0;
  const report = (fields: object): void => old.attachment.events.received?.({ app: 'api', ...fields } as never);
  report({ type: 'log' });
  report({ type: 'stats' });
  report({ type: 'event', event: { kind: 'exit' } });
  report({ type: 'event', event: { kind: 'operation' } });
  report({ type: 'event', event: { kind: 'ended' } });
  expect(heard).toEqual(['api: farewell log', 'api: farewell stats', 'api: farewell event']);
  const discarded = { close: vi.fn<() => void>(), listen: () => 0 };
  old.attachment.events.handles?.({ type: 'keep', app: 'api', key: '*|80', name: null }, { socket: discarded, pipe: null });
  expect([discarded.close.mock.calls.length, old.handles.received.mock.calls.length]).toEqual([1, 0]);
});

it('is done once at a time', async () => {
  const relieved = reliefs.run([app('api', { wanted: false })], () => {});
  await expect(reliefs.run([app('api')], () => {})).rejects.toThrow('it is being replaced already');
  expect(reliefs.takes(old.attachment.as(), { pid: 1 } as PrimaryHello)).toBe(false);
  connect();
  await Promise.all([relieved, reliefs.over()]);
});
