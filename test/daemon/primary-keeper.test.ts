import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn as spawnProcess, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, vi, type Mock } from 'vitest';
import type { Attachment, AttachmentEvents, PrimaryHello } from '../../src/daemon/attachment.ts';
import type { KeptOutput } from '../../src/daemon/kept-outputs.ts';
import { PrimaryKeeper } from '../../src/daemon/primary-keeper.ts';
import type { Tenant } from '../../src/daemon/tenant.ts';
import type { spawnPrimary } from '../../src/daemon/primary-process.ts';
import { Unwritten } from '../../src/daemon/unwritten.ts';
import type { FromPrimary, HandleMessage, NamedSocket, Running, SocketId } from '../../src/protocol/attach.ts';
import type { Brought } from '../../src/protocol/parse-handles.ts';
import { Malformed } from '../../src/protocol/parser.ts';
import { ATTACH_PROTOCOL } from '../../src/protocol/version.ts';
import { startTimeOf } from '../../src/system/processes.ts';
import { app } from '../client/samples.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { tempHome } from './temp-home.ts';

/** A living process that is never killed: this one. */
const PID = process.pid;
/** What was told of files. */
const told: string[] = [];
/** What the next start of a primary starts; null for this process. */
let starts: ChildProcess | null = null;
/** Thrown by the next start of a primary. */
let refusal: Error | null = null;

class FakeTenant implements Tenant {
  readonly name: string;
  wanted = true;
  mayEnd = false;
  stopFirst = false;
  killTimeoutMs = 1_000;
  user = null;
  mayBind = (): boolean => false;
  readonly heard: string[] = [];
  constructor(name: string) {
    this.name = name;
  }
  readonly event: Tenant['event'] = (kind, message, ..._more) => void this.heard.push(`${kind}: ${message}`);
  connected(_: Attachment, pid: number, running: Running | null): void {
    this.heard.push(`connected to ${pid === PID ? 'it' : pid}, ${running === null ? 'does not run' : 'runs'}`);
  }
  received(report: { readonly type: string }): void {
    this.heard.push(report.type);
  }
  malformed(problem: Malformed): void {
    this.heard.push(problem.message);
  }
  lost(): void {
    this.heard.push('lost');
  }
  ended(): void {
    this.heard.push('ended');
  }
  readonly startBeside = { kind: 'snapshot' } as const;
  relieved(_: Attachment, pid: number): void {
    this.heard.push(`relieved by ${pid === PID ? 'it' : pid}`);
  }
  farewell(report: { readonly type: string }): void {
    this.heard.push(`farewell: ${report.type}`);
  }
  announceGap(): void {
    this.heard.push('gap');
  }
}

class FakeAttachment {
  events: Partial<AttachmentEvents> = {};
  left = 0;
  readonly given: string[] = [];
  readonly notKept: string[] = [];
  keep({ app, key }: NamedSocket): void {
    this.given.push(`${app} ${key}`);
  }
  dropped({ app, key }: SocketId): void {
    this.notKept.push(`${app} ${key}`);
  }
  leave(): void {
    this.left++;
  }
  closed = 0;
  close(): void {
    this.closed++;
  }
}

let dir: string;
let keeper: PrimaryKeeper;
let orphaned: KeptOutput[];
let spawned: { readonly exit: (how: string) => void }[];
const [api, jobs] = [new FakeTenant('api'), new FakeTenant('jobs')];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  dir = tempHome();
  spawned = [];
  refusal = null;
  starts = null;
  orphaned = [];
  told.length = 0;
  const spawn = ({ onExit }: Parameters<typeof spawnPrimary>[0]): ChildProcess => {
    if (refusal !== null) throw refusal;
    spawned.push({ exit: onExit });
    return starts ?? ({ pid: PID } as ChildProcess);
  };
  const unused = (): never => {
    throw new Error('it runs as the user of the daemon');
  };
  const settings = { home: dir, daemonLog: '', daemonNode: '', program: '', version: '', foreground: false };
  keeper = new PrimaryKeeper({
    name: 'shared',
    home: dir,
    primariesDir: dir,
    userPrimaries: {
      home: dir,
      doors: { make: unused, given: unused, restore: () => null },
      openProgram: unused,
      log: () => {},
    },
    settings: () => settings,
    spawn,
    log: () => {},
    reports: new Unwritten((message) => told.push(message)),
    orphaned: (output) => orphaned.push(output),
  });
  for (const tenant of [api, jobs]) {
    Object.assign(tenant, { wanted: true, mayEnd: false });
    tenant.heard.length = 0;
    keeper.host(tenant, 'node');
  }
});
afterEach(() => {
  vi.useRealTimers();
});

/** @param sockets those that the primary holds itself */
function attach(running: readonly string[], sockets: readonly SocketId[] = []): FakeAttachment {
  const attachment = new FakeAttachment();
  const apps = running.map((name) => ({ spec: sampleSpec({ name }), snapshot: app({ name }) }));
  keeper.attach(attachment as unknown as Attachment, { ...HELLO, sockets, apps });
  return attachment;
}

const HELLO: PrimaryHello = {
  type: 'hello',
  protocol: ATTACH_PROTOCOL,
  name: 'shared',
  pid: PID,
  startTime: startTimeOf(PID),
  proof: null,
  version: '1',
  sockets: [],
  apps: [],
};
const KEY = '*|80|4|0';
const NOTHING: Brought = { socket: null, pipe: null };
const say = ({ events }: FakeAttachment, message: HandleMessage, handles: Partial<Brought> = {}): void => events.handles?.(message, { ...NOTHING, ...handles });
const keep = (attachment: FakeAttachment, app: string, key = KEY): { close: Mock<() => void>; listen: () => number } => {
  const handle = { close: vi.fn<() => void>(), listen: () => 0 };
  say(attachment, { type: 'keep', app, key, name: null }, { socket: handle });
  return handle;
};
const endOf = (name: string): Extract<FromPrimary, { type: 'ended' }> => ({ type: 'ended', app: name, state: 'stopped', error: null, snapshot: app({ name }) });
const clear = (): void => {
  for (const tenant of [api, jobs]) tenant.heard.length = 0;
};

it('records its apps at once, connects them, and delivers what the primary reports to the app that it names', () => {
  keeper.spawn();
  expect(JSON.parse(readFileSync(join(dir, 'shared.json'), 'utf8'))).toMatchObject({ pid: PID, apps: ['api', 'jobs'] });
  const { events } = attach(['jobs']);
  expect([api.heard, jobs.heard]).toEqual([['connected to it, does not run'], ['connected to it, runs']]);
  expect(JSON.parse(readFileSync(join(dir, 'shared.json'), 'utf8'))).toMatchObject({ pid: PID, apps: ['api', 'jobs'] });
  clear();
  const log = (name: string): Extract<FromPrimary, { type: 'log' }> => ({ type: 'log', app: name, lines: [], dropped: 0 });
  events.received?.(log('jobs'));
  events.received?.(log('stranger'));
  events.malformed?.(new Malformed('JSON', 'x'), 'shared');
  expect([api.heard, jobs.heard.map((text) => text.slice(0, 15))]).toEqual([['the message: expected JSON, got "x"'], ['log', 'the message: ex']]);
});

it('a lost primary is replaced for the apps that are wanted, with their sockets; the ports of the others are free', () => {
  keeper.spawn();
  const attachment = attach(['api', 'jobs']);
  const [kept, freed] = [keep(attachment, 'api'), keep(attachment, 'jobs')];
  clear();
  jobs.wanted = false;
  spawned[0]?.exit('signal SIGKILL');
  expect(api.heard).toEqual([`primary-lost: primary (pid ${PID}) ended unexpectedly (signal SIGKILL); a new one starts at once, 1 socket kept`, 'lost']);
  expect(jobs.heard).toEqual([
    `primary-lost: primary (pid ${PID}) ended unexpectedly (signal SIGKILL); the app was being stopped, its workers finish on their own`,
    'lost',
    'ended',
  ]);
  expect(kept.close).not.toHaveBeenCalled();
  expect(freed.close).toHaveBeenCalledTimes(1);
  expect([keeper.keeps('api'), keeper.runs('api'), keeper.keeps('jobs')]).toEqual([true, false, false]);
  vi.advanceTimersByTime(0);
  expect(spawned).toHaveLength(2);
  expect(keeper.runs('api')).toBe(true);
  expect(attach([]).given).toEqual([`api ${KEY}`]);
});

it('an app that has been stopped leaves the others alone', async () => {
  keeper.spawn();
  const attachment = attach(['api', 'jobs']);
  const [kept, freed] = [keep(attachment, 'api'), keep(attachment, 'jobs')];
  clear();
  Object.assign(jobs, { wanted: false, mayEnd: true });
  const gone = keeper.gone('jobs');
  attachment.events.received?.(endOf('jobs'));
  await gone;
  expect([api.heard, jobs.heard, attachment.left]).toEqual([[], ['ended', 'ended'], 0]);
  expect([vi.mocked(kept.close).mock.calls.length, vi.mocked(freed.close).mock.calls.length]).toEqual([0, 1]);
  expect([keeper.runs('api'), keeper.runs('jobs')]).toEqual([true, false]);
});

it('a primary whose last app has ended is told to leave, and the next app waits until it is gone', async () => {
  starts = spawnProcess(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  const { pid = 0 } = starts;
  keeper.spawn();
  const attachment = new FakeAttachment();
  keeper.attach(attachment as unknown as Attachment, { ...HELLO, pid, startTime: startTimeOf(pid) });
  clear();
  attachment.events.received?.(endOf('jobs'));
  expect([attachment.left, keeper.runs('jobs'), keeper.runs('api')]).toEqual([0, false, true]);
  attachment.events.received?.(endOf('api'));
  expect([attachment.left, keeper.isIdle, api.heard]).toEqual([1, false, ['ended']]);
  let isReady = false;
  const ready = keeper.restarts.readyFor('web').then(() => void (isReady = true));
  await new Promise(setImmediate);
  expect(isReady).toBe(false);
  const exited = once(starts, 'exit');
  starts.kill('SIGKILL');
  await exited;
  await vi.advanceTimersByTimeAsync(20);
  await ready;
  spawned[0]?.exit('exit code 0');
  expect([keeper.isIdle, api.heard]).toEqual([true, ['ended', 'ended']]);
  expect(existsSync(join(dir, 'shared.json'))).toBe(false);
});

it('who waits for a primary that will not come is told at once', async () => {
  keeper.spawn();
  for (const tenant of [api, jobs]) Object.assign(tenant, { wanted: false, mayEnd: true });
  const waiting = keeper.connected('api');
  spawned[0]?.exit('exit code 0');
  await expect(waiting).rejects.toMatchObject({ code: 'LB_ERR_PRIMARY_LOST', details: { app: 'api', reason: 'it ended or was killed' } });
  expect(api.heard).toEqual(['ended']);
});

it('adopts the primary of its record, and only one', () => {
  writeFileSync(join(dir, 'shared.json'), JSON.stringify({ version: 1, pid: PID, startTime: startTimeOf(PID), apps: ['api', 'jobs'] }));
  keeper.adoptOrSpawn();
  expect([spawned.length, keeper.runs('api')]).toEqual([0, true]);
  const stranger = (): number => {
    const attachment = new FakeAttachment();
    keeper.attach(attachment as unknown as Attachment, { ...HELLO, pid: 7, startTime: 1 });
    return attachment.left;
  };
  expect(stranger(), 'before that one has connected').toBe(1);
  const { events } = attach(['api', 'jobs']);
  expect(stranger()).toBe(1);
  events.closed?.();
  expect(stranger(), 'while that one is away').toBe(1);
  expect(keeper.runs('api')).toBe(true);
});

it('adopts a living primary without a record, and ends the one that was started in its place', async () => {
  starts = spawnProcess(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  const ended = once(starts, 'exit');
  keeper.adoptOrSpawn();
  expect(attach([]).left, 'one that runs nothing').toBe(1);
  expect(attach(['api']).left).toBe(0);
  expect(await ended).toEqual([null, 'SIGKILL']);
  spawned[0]?.exit('signal SIGKILL');
  expect([keeper.runs('api'), spawned.length, api.heard.filter((line) => line.startsWith('primary-lost'))]).toEqual([true, 1, []]);
});

it('of two that have connected, the one whose workers are known to be ready stays; before that, the one that has workers', async () => {
  const startsBeside = (): { readonly own: FakeAttachment; readonly child: ChildProcess } => {
    const child = spawnProcess('sleep', ['60'], { stdio: 'ignore' });
    starts = child;
    keeper.spawn();
    const own = new FakeAttachment();
    keeper.attach(own as unknown as Attachment, { ...HELLO, pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) });
    return { own, child };
  };
  const early = startsBeside();
  early.own.events.received?.({ type: 'stats', app: 'api', stats: { ...app({ name: 'api' }), ready: 0 } });
  expect([attach(['api']).left, early.own.closed]).toEqual([0, 1]);
  await once(early.child, 'exit');
  expect(keeper.attachment).not.toBe(early.own);
  spawned[0]?.exit('signal SIGKILL');
  expect(keeper.alive).toBe(true);

  keeper.close();
  const late = startsBeside();
  late.own.events.received?.({ type: 'stats', app: 'api', stats: { ...app({ name: 'api' }), ready: 1 } });
  expect([attach(['api']).left, late.own.closed, keeper.attachment]).toEqual([1, 0, late.own]);
  late.child.kill('SIGKILL');
  await once(late.child, 'exit');
});

it('the primary knows best which sockets of a running app are open; it is told of those that are not kept', () => {
  keeper.spawn();
  const first = attach(['api']);
  const [closed, open, others] = [keep(first, 'api', 'closed'), keep(first, 'api', 'open'), keep(first, 'jobs')];
  const stranger = keep(first, 'stranger');
  expect([stranger.close.mock.calls.length, first.notKept]).toEqual([1, [`stranger ${KEY}`]]);
  first.events.closed?.();
  const second = attach(['api'], [{ app: 'api', key: 'open' }]);
  expect([closed, open, others].map(({ close }) => close.mock.calls.length)).toEqual([1, 0, 0]);
  // Of an app that it does not run yet.
  expect(second.given).toEqual([`jobs ${KEY}`]);
  const again = keep(second, 'api', 'open');
  expect(open.close).toHaveBeenCalledTimes(1);
  say(second, { type: 'drop', app: 'api', key: 'open' });
  expect([again.close.mock.calls.length, second.notKept]).toEqual([1, ['api open']]);
});

it('what its workers print is held while it lives, and given away when it is dead', () => {
  keeper.spawn();
  const attachment = attach(['api']);
  const output = (pid: number): KeptOutput => ({
    app: 'api',
    origin: { slot: 0, pid, stream: 'out' },
    pipe: { readStart: () => 0, close: vi.fn<() => void>() },
  });
  const [ended, living] = [output(8), output(9)];
  for (const { app: name, origin, pipe } of [ended, living]) say(attachment, { type: 'keep-output', app: name, origin }, { pipe });
  say(attachment, { type: 'drop-output', app: ended.app, origin: ended.origin });
  expect([vi.mocked(ended.pipe.close).mock.calls.length, orphaned]).toEqual([1, []]);
  spawned[0]?.exit('signal SIGKILL');
  expect(orphaned).toMatchObject([living]);
  expect(vi.mocked(living.pipe.close)).not.toHaveBeenCalled();
});

it('goes on trying when the system refuses to start a primary, also the first one of a daemon', () => {
  refusal = new Error('spawn ENOMEM');
  keeper.adoptOrSpawn();
  expect(api.heard.at(-1)).toContain('primary-lost: primary (pid 0) ended unexpectedly (could not be started: spawn ENOMEM); a new one starts');
  expect([spawned.length, keeper.problem]).toEqual([0, 'its primary could not be started: spawn ENOMEM']);
  refusal = null;
  vi.advanceTimersByTime(200);
  expect(spawned).toHaveLength(1);
});

it('keeps a primary whose record cannot be written, and writes it later', () => {
  rmSync(dir, { recursive: true });
  keeper.spawn();
  expect([spawned.length, told.length]).toEqual([1, 1]);
  expect(told[0]).toContain('shared.json cannot be written (ENOENT');
});
