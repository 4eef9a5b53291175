import { setTimeout as sleep } from 'node:timers/promises';
import { LbError, messageOf } from '../errors/lb-error.ts';
import { plural } from '../lifecycle/wording.ts';
import type { PrimarySettings, Running } from '../protocol/attach.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { Malformed } from '../protocol/parser.ts';
import { now } from '../system/clock.ts';
import { withDeadline } from '../system/deadline.ts';
import { isAlive, sendSignal, startTimeOf } from '../system/processes.ts';
import { watchAbsence } from './absence.ts';
import type { Attachment, PrimaryHello, Report } from './attachment.ts';
import { KeptHandles } from './kept-handles.ts';
import type { KeptOutput } from './kept-outputs.ts';
import { PrimaryRecord, type PrimaryId } from './primary-record.ts';
import { Respawn } from './respawn.ts';
import type { spawnPrimary } from './primary-process.ts';
import type { FileReports } from './unwritten.ts';

const ATTACH_DEADLINE_MS = 10_000;
/** How long a primary that was told to exit may take. */
const EXIT_MS = 10_000;

/** What the keeper of a primary needs of each app in it. */
export interface Tenant {
  readonly name: string;
  /** A primary that ends is replaced for it. */
  readonly wanted: boolean;
  /** It has ended, or agreed to end: its primary may go. */
  readonly mayEnd: boolean;
  /** The workers of a dead primary must have ended before the next one starts. */
  readonly stopFirst: boolean;
  readonly killTimeoutMs: number;
  readonly event: EmitEvent;
  /** Its primary connected. @param running null when the primary does not run this app yet */
  connected(attachment: Attachment, pid: number, running: Running | null): void;
  received(report: Report): void;
  /** Its primary sent something malformed, which was ignored. */
  malformed(problem: Malformed): void;
  /** Its primary ended unexpectedly. */
  lost(): void;
  /** It has no primary, and none will start. */
  ended(): void;
}

export interface PrimaryKeeperOptions {
  /** Of the primary: unique in this daemon, and the name of its record. */
  readonly name: string;
  readonly primariesDir: string;
  readonly settings: () => Omit<PrimarySettings, 'name'>;
  readonly spawn: typeof spawnPrimary;
  readonly log: (message: string) => void;
  readonly reports: FileReports;
  /** Takes what workers go on printing after the death of their primary. */
  readonly orphaned: (output: KeptOutput) => void;
}

/** Keeps one primary alive for its apps: spawns, adopts, replaces one that died or hangs, and keeps the listening sockets meanwhile. */
export class PrimaryKeeper {
  /** How the last primary ended, while no other has connected. */
  problem: string | null = null;
  readonly #options: PrimaryKeeperOptions;
  readonly #tenants = new Map<string, Tenant>();
  readonly #handles = new KeptHandles((app) => this.#tenants.has(app));
  readonly #respawn: Respawn;
  readonly #record: PrimaryRecord;
  #primary: PrimaryId | null = null;
  #attachment: Attachment | null = null;
  #waiters: ((attachment: Attachment | null) => void)[] = [];
  #interpreter: string | null = null;
  /** Why the daemon itself killed it. */
  #killedFor: string | null = null;

  constructor(options: PrimaryKeeperOptions) {
    this.#options = options;
    this.#respawn = new Respawn((message) => options.log(`${options.name}: ${message}`));
    this.#record = new PrimaryRecord(options);
  }

  /** The connection, while there is one. */
  get attachment(): Attachment | null {
    return this.#attachment;
  }

  /** @returns whether a primary runs for this app. */
  runs(app: string): boolean {
    return this.#tenants.has(app) && this.#primary !== null;
  }

  /** @returns whether a primary runs for this app, or is about to. */
  keeps(app: string): boolean {
    return this.#tenants.has(app) && (this.#primary !== null || this.#respawn.due);
  }

  /** Its primary runs, and is not connected. */
  get isAwaited(): boolean {
    return this.#primary !== null && this.#attachment === null;
  }

  get empty(): boolean {
    return this.#tenants.size === 0;
  }

  /** Takes in an app, which must be started with `spawn` or `adoptOrSpawn`. @param interpreter Node.js binary for the next primary; null for that of the daemon */
  host(tenant: Tenant, interpreter: string | null): void {
    if (this.empty) this.#respawn.reset();
    this.#tenants.set(tenant.name, tenant);
    this.#interpreter = interpreter;
  }

  /** Starts the primary, unless it runs. */
  spawn(): void {
    if (this.#primary !== null) return;
    this.#respawn.spawned();
    const settings: PrimarySettings = { ...this.#options.settings(), name: this.#options.name };
    const child = this.#options.spawn({
      interpreter: this.#interpreter,
      settings,
      logFile: settings.daemonLog,
      onExit: (how) => this.#lost(child.pid ?? 0, how),
    });
    const pid = child.pid ?? 0;
    this.#primary = { pid, startTime: startTimeOf(pid) };
    if (pid !== 0) this.#record.write(this.#primary, this.#apps);
    this.#watchAbsence();
  }

  /** Waits for a primary that outlived its daemon; spawns one when there is none. @returns whether it waits */
  adoptOrSpawn(): boolean {
    const { log, name } = this.#options;
    const recorded = this.#record.read();
    if (recorded === null || !isAlive(recorded.pid, recorded.startTime)) {
      if (recorded === null) this.#spawnOrRetry();
      else this.#spawnAfter(0, recorded.pid);
      return false;
    }
    log(`primary ${name} (pid ${recorded.pid}) is alive, waiting for it to connect`);
    this.#primary = recorded;
    this.#watchAbsence();
    return true;
  }

  /** Resolves when the workers that a dead primary left behind have ended, if they have to. */
  predecessorGone(): Promise<void> {
    return new Promise((resolve) => this.#respawn.predecessor.whenGone(resolve));
  }

  /** An app that is no longer wanted does not wait for a restart that is due. */
  cancelRespawn(app: string): void {
    if (!this.#respawn.due) return;
    if (!this.#wanted) this.#respawn.cancel();
    this.#release(app);
  }

  /** This primary has connected; one too many leaves. */
  attach(attachment: Attachment, hello: PrimaryHello): void {
    const { name, log } = this.#options;
    const primary = this.#primary;
    if (primary !== null && primary.pid !== hello.pid && isAlive(primary.pid, primary.startTime)) {
      log(`a second primary ${name} (pid ${hello.pid}) connected and is told to exit`);
      attachment.leave();
      return;
    }
    this.#attachment = attachment;
    this.problem = null;
    this.#primary = { pid: hello.pid, startTime: hello.startTime };
    this.#record.write(this.#primary, this.#apps);
    attachment.events = {
      hello: () => {},
      received: (report) => this.#tenants.get(report.app)?.received(report),
      handles: (message, brought) => this.#handles.received(message, brought, attachment),
      malformed: (problem) => this.#malformed(problem),
      hung: (why) => this.#kill(why),
      closed: () => this.#detached(attachment),
    };
    // Before any order: an app that starts finds its sockets.
    this.#handles.attached(attachment, hello);
    for (const tenant of this.#apps) {
      tenant.connected(attachment, hello.pid, hello.apps.find(({ spec }) => spec.name === tenant.name) ?? null);
    }
    this.#answerWaiters(attachment);
  }

  /** @throws LbError LB_ERR_PRIMARY_LOST when none connects in time, or none will. */
  async connected(app: string): Promise<Attachment> {
    if (this.#attachment !== null) return this.#attachment;
    const attached = await withDeadline(new Promise<Attachment | null>((resolve) => this.#waiters.push(resolve)), ATTACH_DEADLINE_MS);
    if (attached !== null) return attached;
    const reason = this.keeps(app) ? (this.problem ?? `it did not connect within ${ATTACH_DEADLINE_MS / 1000} s`) : 'it ended or was killed';
    throw new LbError('LB_ERR_PRIMARY_LOST', { app, reason });
  }

  /** Resolves when an app that was told to end is gone: its sockets, and with the last app the process. */
  async gone(app: string): Promise<void> {
    const primary = this.#primary;
    if (primary === null) return;
    if (this.#apps.some((other) => other.name !== app && !other.mayEnd)) return this.#release(app);
    const deadline = now() + EXIT_MS;
    while (isAlive(primary.pid, primary.startTime) && now() < deadline) await sleep(5);
    this.#kill('it was told to exit and did not');
    this.#lost(primary.pid, 'ended');
  }

  get #apps(): Tenant[] {
    return [...this.#tenants.values()];
  }

  get #wanted(): boolean {
    return this.#apps.some(({ wanted }) => wanted);
  }

  #malformed(problem: Malformed): void {
    for (const tenant of this.#tenants.values()) tenant.malformed(problem);
  }

  #answerWaiters(attachment: Attachment | null): void {
    for (const waiter of this.#waiters.splice(0)) waiter(attachment);
  }

  #detached(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = null;
    this.#watchAbsence();
  }

  #watchAbsence(primary = this.#primary): void {
    watchAbsence(primary, {
      isOver: () => this.#primary !== primary || this.#attachment !== null,
      dead: (pid) => this.#lost(pid, 'it is gone'),
      hung: (why) => this.#kill(why),
    });
  }

  #kill(why: string): void {
    const primary = this.#primary;
    if (primary === null || !isAlive(primary.pid, primary.startTime)) return;
    this.#options.log(`killing primary ${this.#options.name} (pid ${primary.pid}): ${why}`);
    this.#killedFor = why;
    sendSignal(primary.pid, 'SIGKILL');
  }

  #lost(pid: number, end: string): void {
    if (this.#primary?.pid !== pid) return;
    const how = this.#killedFor === null ? end : `killed: ${this.#killedFor}`;
    this.#killedFor = null;
    this.#primary = null;
    this.#attachment?.close();
    this.#attachment = null;
    for (const output of this.#handles.takeOutputs()) this.#options.orphaned(output);
    this.#respawn.predecessor.leaves(pid, this.#apps);
    // Until its workers have ended, a daemon that comes after this one must find them.
    this.#respawn.predecessor.whenGone(() => {
      if (this.#primary === null) this.#record.remove();
    });
    for (const tenant of this.#apps.filter((each) => !each.wanted)) this.#end(tenant, pid, how);
    if (this.#wanted) this.#replace(pid, how);
    for (const tenant of this.#apps) tenant.lost();
    if (!this.#wanted) this.#answerWaiters(null);
  }

  /** An app that was to end has ended with its primary. */
  #end(tenant: Tenant, pid: number, how: string): void {
    if (!tenant.mayEnd) {
      const message = `primary (pid ${pid}) ended unexpectedly (${how}); the app was being stopped, its workers finish on their own`;
      tenant.event('primary-lost', message, undefined, { cause: how });
      tenant.lost();
    }
    this.#release(tenant.name);
  }

  /** No other primary will come for this app: its ports are free again. */
  #release(app: string): void {
    const tenant = this.#tenants.get(app);
    this.#handles.dropSockets(app);
    this.#tenants.delete(app);
    tenant?.ended();
  }

  /** The next primary gets the sockets that were kept, so no connection is refused meanwhile. */
  #replace(pid: number, how: string): void {
    this.problem = `its primary ${how.startsWith('could not') ? how : `ended: ${how}`}`;
    const delayMs = this.#respawn.nextDelayMs();
    const when = `a new one starts ${delayMs === 0 ? 'at once' : `in ${delayMs} ms`}, ${plural(this.#handles.sockets, 'socket')} kept`;
    const message = `primary (pid ${pid}) ended unexpectedly (${how}); ${when}`;
    for (const { event } of this.#tenants.values()) event('primary-lost', message, undefined, { cause: how });
    this.#spawnAfter(delayMs);
  }

  #spawnAfter(delayMs: number, dead?: number): void {
    if (dead !== undefined) this.#respawn.predecessor.leaves(dead, this.#apps, true);
    this.#respawn.after(delayMs, () => this.#spawnOrRetry());
  }

  #spawnOrRetry(): void {
    try {
      this.spawn();
    } catch (error) {
      this.#replace(0, `could not be started: ${messageOf(error)}`);
    }
  }
}
