import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import { completeSpec } from '../../src/config/spec-settings.ts';
import type { RawListener } from '../../src/primary/handles/raw-handles.ts';
import { bindListener } from '../../src/primary/ingress/bind-listener.ts';
import { socketName } from '../../src/primary/ingress/listener-name.ts';
import { Attachment, type AttachmentEvents } from '../../src/daemon/attachment.ts';
import type { Answer, FromPrimary, ToPrimary } from '../../src/protocol/attach.ts';
import type { ProgressRecord } from '../../src/protocol/control.ts';
import { makeEvent } from '../../src/protocol/event.ts';
import { ndjson, ndjsonReader } from '../../src/protocol/ndjson.ts';
import { fromPrimaryParser } from '../../src/protocol/parse-from-primary.ts';
import { ATTACH_PROTOCOL } from '../../src/protocol/version.ts';
import { bringsHandle } from '../../src/protocol/parse-handles.ts';
import { attempt, Malformed } from '../../src/protocol/parser.ts';
import { HandleChannel, listenForChannels } from '../../src/system/handle-channel.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { garbage } from '../protocol/garbage.ts';
import { FROM_PRIMARY } from '../protocol/samples.ts';
import { app, progress } from '../client/samples.ts';
import { tempHome } from './temp-home.ts';
import { HELLO } from '../protocol/samples.ts';

const snapshot: Answer = { kind: 'snapshot', snapshot: app() };
const listenAnywhere = async (): Promise<{ readonly handle: RawListener; readonly port: number | undefined }> => {
  const handle = await bindListener({
    key: '',
    address: '127.0.0.1',
    port: 0,
    addressType: 4,
    backlog: null,
    flags: 0,
    readableAll: false,
    writableAll: false,
    kind: 'tcp',
  });
  return { handle, port: socketName(handle)?.port };
};
const parse = fromPrimaryParser(completeSpec);
const noEvents = (): AttachmentEvents => ({ hello: vi.fn(), received: vi.fn(), handles: vi.fn(), malformed: vi.fn(), hung: vi.fn(), closed: vi.fn() });

/** The primary's end of a real socket pair. */
class FakePrimary {
  readonly orders: Extract<ToPrimary, { type: 'order' }>[] = [];
  readonly #channel: HandleChannel;
  #arrived: (() => void) | null = null;

  constructor(channel: HandleChannel) {
    this.#channel = channel;
    const read = ndjsonReader(
      (raw) => {
        const message = raw as ToPrimary;
        if (message.type === 'order') this.orders.push(message);
        this.#arrived?.();
      },
      () => {},
    );
    channel.onData(read);
  }

  async ordered(count: number): Promise<void> {
    while (this.orders.length < count)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
  }

  send(...messages: readonly FromPrimary[]): void {
    this.write(messages.map(ndjson).join(''));
  }

  write(text: string, handle?: object): void {
    this.#channel.write(text, handle);
  }

  die(): void {
    this.#channel.destroy();
  }
}

/** The daemon's end of a connection; what the primary says is received at once. */
class FakeChannel implements Pick<HandleChannel, keyof HandleChannel> {
  readonly closed = false;
  readonly unsentBytes = 0;
  readonly #wrote: (text: string) => void;
  readonly #handles: object[] = [];
  #listener: (chunk: Buffer) => void = () => {};

  constructor(wrote: (text: string) => void = () => {}) {
    this.#wrote = wrote;
  }

  say(message: unknown, handle?: object): void {
    if (handle !== undefined && bringsHandle(message)) this.#handles.push(handle);
    this.#listener(Buffer.from(`${JSON.stringify(message)}\n`));
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#listener = listener;
  }

  write(text: string): void {
    this.#wrote(text);
  }

  takeHandle(): object | null {
    return this.#handles.shift() ?? null;
  }

  onClose(): void {}
  end(): void {}
  destroy(): void {}
}

let server: Server;
let primary: FakePrimary;
let attachment: Attachment;
let events: AttachmentEvents;
const problems = (): readonly string[] => vi.mocked(events.malformed).mock.calls.map(([{ message }]) => message);

beforeEach(async () => {
  const path = join(tempHome(), 'pair.sock');
  let found: (channel: HandleChannel) => void = () => {};
  const accepted = new Promise<HandleChannel>((resolve) => (found = resolve));
  server = await listenForChannels(path, (channel) => found(channel));
  primary = new FakePrimary(HandleChannel.connect(path));
  events = noEvents();
  attachment = new Attachment(await accepted, events);
  if (!expect.getState().currentTestName?.includes('before its hello')) primary.send(HELLO);
});
afterEach(() => {
  primary.die();
  attachment.close();
  server.close();
});

describe('Attachment', () => {
  it('gives each order its own answer, in whatever order they come', async () => {
    const first = attachment.order('api', { kind: 'snapshot' });
    const second = attachment.order('api', { kind: 'tail', lines: 5 });
    await primary.ordered(2);
    const [a, b] = primary.orders;
    expect([a?.order, b?.order]).toEqual([{ kind: 'snapshot' }, { kind: 'tail', lines: 5 }]);
    const tail: Answer = { kind: 'tail', lines: [] };
    primary.send({ type: 'answer', app: 'api', id: b?.id ?? 0, answer: tail }, { type: 'answer', app: 'api', id: a?.id ?? 0, answer: snapshot });
    expect(await Promise.all([first, second])).toEqual([snapshot, tail]);
  });

  it('passes on the progress of an order, all of it before the answer', async () => {
    const seen: ProgressRecord[] = [];
    const order = attachment.order('api', { kind: 'reload' }, (record) => seen.push(record));
    const other = attachment.order('api', { kind: 'snapshot' });
    await primary.ordered(2);
    const record = (message: string): FromPrimary => ({ type: 'progress', app: 'api', id: 1, record: progress({ message }) });
    primary.send(
      record('one'),
      { type: 'answer', app: 'api', id: 2, answer: snapshot },
      record('two'),
      { type: 'answer', app: 'api', id: 1, answer: snapshot },
      record('late'),
    );
    await Promise.all([order, other]);
    expect(seen.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  it('throws what the primary answered, with its output', async () => {
    const order = attachment.order('api', { kind: 'reload' });
    await primary.ordered(1);
    const details = { app: 'api', reason: 'worker 0: exit code 1' };
    primary.send({
      type: 'failed',
      app: 'api',
      id: 1,
      error: { code: 'LB_ERR_RELOAD_FAILED', message: 'reload of "api" failed: worker 0: exit code 1', output: ['Error'], details },
    });
    await expect(order).rejects.toMatchObject({
      code: 'LB_ERR_RELOAD_FAILED',
      message: 'reload of "api" failed: worker 0: exit code 1',
      output: ['Error'],
      details,
    });
  });

  it('fails every order under way when the primary goes away', async () => {
    const orders = [attachment.order('api', { kind: 'snapshot' }), attachment.order('api', { kind: 'stop' })];
    await primary.ordered(2);
    primary.die();
    for (const order of await Promise.allSettled(orders)) expect(order).toMatchObject({ status: 'rejected', reason: { code: 'LB_ERR_PRIMARY_LOST' } });
    expect(events.closed).toHaveBeenCalledTimes(1);
    await expect(attachment.order('api', { kind: 'snapshot' })).rejects.toMatchObject({ code: 'LB_ERR_PRIMARY_LOST' });
  });

  it('says when an answer came, among the messages around it', async () => {
    const order: string[] = [];
    vi.mocked(events.received).mockImplementation((message) => void order.push(message.type));
    const answer = attachment.order('api', { kind: 'tail', lines: 5 }, undefined, () => order.push('answer'));
    await primary.ordered(1);
    const log: FromPrimary = { type: 'log', app: 'api', lines: [], dropped: 0 };
    primary.send(log, { type: 'answer', app: 'api', id: primary.orders[0]?.id ?? 0, answer: { kind: 'tail', lines: [] } }, log);
    await answer;
    await vi.waitFor(() => expect(order).toEqual(['log', 'answer', 'log']));
  });

  it('hands on hello, events and logs', async () => {
    const event: FromPrimary = { type: 'event', app: 'api', event: makeEvent('api', 1, 'readmit', 'worker 0 is in the rotation again', { slot: 0, pid: 7 }) };
    const log: FromPrimary = { type: 'log', app: 'api', lines: [], dropped: 3 };
    const order = attachment.order('api', { kind: 'snapshot' });
    await primary.ordered(1);
    primary.send(event, log, { type: 'answer', app: 'api', id: 1, answer: snapshot });
    await order;
    expect(events.hello).toHaveBeenCalledWith(attachment, HELLO);
    expect(vi.mocked(events.received).mock.calls).toEqual([[event], [log]]);
  });

  it('takes each socket with its message, and tells the primary of one that did not come', async () => {
    const [first, second] = await Promise.all([listenAnywhere(), listenAnywhere()]);
    const keep = (key: string): string => ndjson({ type: 'keep', app: 'api', key, name: null });
    const dropped = vi.spyOn(attachment, 'dropped');
    primary.write(keep('a'), first.handle);
    primary.write(keep('lost'));
    await vi.waitFor(() => expect(dropped).toHaveBeenCalled());
    primary.write(keep('b'), second.handle);
    await vi.waitFor(() => expect(events.handles).toHaveBeenCalledTimes(2));
    const kept = vi.mocked(events.handles).mock.calls.map(([message, { socket }]) => [message, socket === null ? null : socketName(socket)?.port]);
    expect(kept).toEqual([
      [{ type: 'keep', app: 'api', key: 'a', name: null }, first.port],
      [{ type: 'keep', app: 'api', key: 'b', name: null }, second.port],
    ]);
    expect(dropped.mock.calls).toEqual([[{ type: 'keep', app: 'api', key: 'lost', name: null }]]);
    expect(problems()).toEqual(['handle: expected a listening socket, got null']);
    for (const [, { socket }] of vi.mocked(events.handles).mock.calls) socket?.close();
    for (const { handle } of [first, second]) handle.close();
  });

  it('closes on what is not a message', async () => {
    const order = attachment.order('api', { kind: 'snapshot' });
    primary.write('GET / HTTP/1.1\r\n\r\n');
    await expect(order).rejects.toMatchObject({ code: 'LB_ERR_PRIMARY_LOST' });
    expect(problems()).toEqual(['the message: expected JSON, got "GET / HTTP/1.1\\r"']);
  });

  it.each([
    ['null', 'the message: expected an object, got null'],
    ['{"type":"stats","app":"api"}', 'stats: expected an object, got no value'],
    ['{"type":"later"}', 'type: expected one of hello, '],
    ['{"type":"event","app":"api","event":{"kind":"log","at":1,"app":"other","severity":"warn","message":"m"}}', 'event.app: expected "api", got "other"'],
  ])('reports %s once, and goes on', async (line, problem) => {
    primary.write(`${line}\n`);
    const order = attachment.order('api', { kind: 'snapshot' });
    await primary.ordered(1);
    primary.send({ type: 'answer', app: 'api', id: 1, answer: snapshot });
    expect(await order).toEqual(snapshot);
    expect(problems()).toEqual([expect.stringContaining(problem)]);
    expect(events.received).not.toHaveBeenCalled();
  });

  it('fails an order whose answer is malformed: no other will come', async () => {
    const order = attachment.order('api', { kind: 'snapshot' });
    await primary.ordered(1);
    primary.write('{"type":"answer","app":"api","id":1,"answer":{"kind":"snapshot"}}\n');
    await expect(order).rejects.toMatchObject({ code: 'LB_ERR_MESSAGE', message: expect.stringContaining('answer.snapshot: expected an object') });
  });

  it.each([
    ['null', 'the message: expected an object, got null', 'an unknown primary'],
    ['{"type":"hello"}', `protocol: expected a whole number, got no value`, 'an unknown primary'],
    [JSON.stringify({ ...HELLO, name: '../x' }), 'name: expected a name of ', 'a primary that says it is "../x" (pid 7)'],
    [
      JSON.stringify({ ...HELLO, protocol: 99, apps: 'of another shape' }),
      `protocol: expected ${ATTACH_PROTOCOL} or one next to it, got 99`,
      'a primary that says it is "api" (pid 7)',
    ],
    ['{"type":"pong","seq":1}', 'type: expected "hello", got "pong"', 'an unknown primary'],
    ['not JSON', 'the message: expected JSON, got "not JSON"', 'an unknown primary'],
  ])('closes on %s before its hello', async (line, problem, from) => {
    primary.write(`${line}\n${JSON.stringify(HELLO)}\n`);
    await vi.waitFor(() => expect(events.closed).toHaveBeenCalled());
    expect(events.hello).not.toHaveBeenCalled();
    expect(vi.mocked(events.malformed).mock.calls).toEqual([[expect.objectContaining({ message: expect.stringContaining(problem) }), from]]);
  });

  it('passes over an answer that nobody waits for', async () => {
    primary.send(
      { type: 'answer', app: 'api', id: 99, answer: snapshot },
      { type: 'failed', app: 'api', id: 98, error: { code: 'LB_ERR_INTERNAL', message: '' } },
    );
    const order = attachment.order('api', { kind: 'snapshot' });
    await primary.ordered(1);
    primary.send({ type: 'answer', app: 'api', id: 1, answer: snapshot });
    expect(await order).toEqual(snapshot);
  });
});

it('asks for a sign of life, answers one that its primary asks for, and says whether it heard something', () => {
  const written: ToPrimary[] = [];
  const channel = new FakeChannel((text) => written.push(JSON.parse(text) as ToPrimary));
  const asking = new Attachment(channel, noEvents());
  expect([asking.heard(), asking.primary]).toEqual([false, null]);
  channel.say(HELLO);
  expect([asking.heard(), asking.heard(), asking.primary]).toEqual([true, false, expect.objectContaining({ pid: 7 })]);
  asking.ping();
  channel.say({ type: 'pong', seq: 1 });
  channel.say({ type: 'ping' });
  expect([written, asking.heard()]).toEqual([[{ type: 'ping', seq: 1 }, { type: 'pong' }], true]);
});

it('whatever a primary writes: one report of what is malformed, and the next message is received', () => {
  fc.assert(
    fc.property(garbage(FROM_PRIMARY), (value) => {
      const channel = new FakeChannel();
      const told = noEvents();
      new Attachment(channel, told);
      const handle = { close: vi.fn(), listen: () => 0, readStart: () => 0 };
      const isRight = !(attempt(() => parse(value)) instanceof Malformed);
      channel.say(HELLO);
      channel.say(value, handle);
      channel.say({ type: 'log', app: 'api', lines: [], dropped: 9 });
      if (bringsHandle(value)) expect([handle.close.mock.calls.length, vi.mocked(told.handles).mock.calls.length]).toEqual(isRight ? [0, 1] : [1, 0]);
      expect(told.malformed).toHaveBeenCalledTimes(isRight ? 0 : 1);
      expect(told.received).toHaveBeenLastCalledWith({ type: 'log', app: 'api', lines: [], dropped: 9 });
      expect(told.closed).not.toHaveBeenCalled();
    }),
  );
});

it('takes over what an older primary runs, whose definition lacks options, in the snapshot too', () => {
  const { handOffShare: _, ...older } = sampleSpec();
  const { env: _env, ...shown } = { ...older, envNames: [] };
  const running = { spec: older, snapshot: { ...app({ name: 'api' }), spec: shown } };
  const message = parse({ ...HELLO, apps: [{ ...running, spec: { ...older, name: 'api' } }] });
  expect(message).toMatchObject({ apps: [{ spec: { handOffShare: 0.2 }, snapshot: { spec: { handOffShare: 0.2 } } }] });
});
