import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors/lb-error.ts';
import { plural } from '../lifecycle/wording.ts';
import type { Running } from '../protocol/attach.ts';
import { now } from '../system/clock.ts';
import { isAlive, sendSignal } from '../system/processes.ts';
import { admitPrimary } from './admit-primary.ts';
import { watchAbsence } from './absence.ts';
import type { Attachment, PrimaryHello } from './attachment.ts';
import { KeptHandles } from './kept-handles.ts';
import { PrimaryRecord, type PrimaryId } from './primary-record.ts';
import { NotRelieved, Reliefs, type HeldPrimary } from './relief.ts';
import { LeftCommands } from './left-commands.ts';
import { Predecessor } from './predecessor.ts';
import { Respawn } from './respawn.ts';
import type { PrimaryKeeperOptions, Tenant } from './tenant.ts';
import { startPrimaryAs } from './user-primary.ts';
import { Waiters } from './waiters.ts';

/** How long a primary that was told to exit may take. */
const EXIT_MS = 10_000;

/** Keeps one primary alive for its apps: spawns, adopts, replaces one that died or hangs, and keeps the listening sockets meanwhile. */
export class PrimaryKeeper {
  /** The build that the primary runs, once it has connected. */
  program: string | undefined = undefined;
  /** How the last primary ended, while no other has connected. */
  problem: string | null = null;
  readonly #options: PrimaryKeeperOptions;
  readonly #tenants = new Map<string, Tenant>();
  #handles = new KeptHandles((app) => this.#tenants.get(app));
  readonly reliefs = new Reliefs({
    spawnBeside: (onExit) => {
      const id = this.#start((pid, how) => (this.#primary?.pid === pid ? this.#lost(pid, how) : onExit(how)));
      return { id, handles: this.#handles.beside() };
    },
    install: (next) => this.#install(next),
    left: (handles) => this.#orphan(handles),
  });
  readonly #respawn: Respawn;
  readonly #record: PrimaryRecord;
  #primary: PrimaryId | null = null;
  /** A primary that this daemon has started and that has not connected yet. */
  #expected: PrimaryId | null = null;
  #attachment: Attachment | null = null;
  readonly #waiters = new Waiters();
  #interpreter: string | null = null;
  /** Why the daemon itself killed it. */
  #killedFor: string | null = null;

  constructor(options: PrimaryKeeperOptions) {
    this.#options = options;
    const left = new LeftCommands(options, () => this.#apps[0]?.user ?? null);
    this.#respawn = new Respawn(new Predecessor((message) => options.log(`${options.name}: ${message}`), left));
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

  get alive(): boolean {
    return this.#primary !== null && !this.empty;
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
    this.#primary = this.#start((pid, how) => this.#lost(pid, how));
    this.#expected = this.#primary;
    if (this.#primary.pid !== 0) this.#record.write(this.#primary, this.#apps);
    this.#watchAbsence();
  }

  #start(onExit: (pid: number, how: string) => void): PrimaryId {
    return startPrimaryAs(this.#apps[0]?.user ?? null, this.#options, this.#interpreter, onExit);
  }

  /** Replaces the primary by one of this daemon's program. Resolves when the old one is gone. @throws NotRelieved */
  async relieve(replaced: () => void): Promise<void> {
    if (this.#primary === null || this.#attachment === null) throw new NotRelieved('its primary is not connected');
    await this.reliefs.run(this.#apps, replaced);
  }

  #install({ id, attachment, handles, program }: HeldPrimary): HeldPrimary | null {
    const [primary, connection] = [this.#primary, this.#attachment];
    const before = primary === null || connection === null ? null : { id: primary, attachment: connection, handles: this.#handles, program: this.program };
    this.#handles = handles;
    this.#serve(attachment, { ...id, program });
    return before;
  }

  /** Waits for a primary that outlived its daemon; spawns one when there is none. @returns whether it waits */
  adoptOrSpawn(): boolean {
    const { log, name } = this.#options;
    const living = this.#options.userPrimaries.doors.restore(name);
    const recorded = this.#record.read() ?? living;
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
    this.reliefs.cancel();
    if (!this.#respawn.due) return;
    if (!this.#wanted) this.#respawn.cancel();
    this.#release(app);
  }

  /** This primary has connected; one too many leaves. */
  attach(attachment: Attachment, hello: PrimaryHello): void {
    const { name, log } = this.#options;
    if (this.reliefs.takes(attachment, hello)) return;
    if (!admitPrimary(attachment, hello, { name, log, primary: this.#primary, isNew: this.#primary === this.#expected })) return;
    this.#serve(attachment, hello);
    // Before any order: an app that starts finds its sockets.
    this.#handles.attached(attachment, hello);
    const runningOf = (app: string): Running | null => hello.apps.find(({ spec }) => spec.name === app) ?? null;
    for (const tenant of this.#apps) tenant.connected(attachment, hello.pid, runningOf(tenant.name));
    this.#waiters.answer(attachment);
  }

  #serve(attachment: Attachment, { pid, startTime, program }: PrimaryId & { readonly program?: string | undefined }): void {
    this.#attachment = attachment;
    this.#expected = null;
    this.program = program;
    this.problem = null;
    this.#primary = { pid, startTime };
    this.#record.write(this.#primary, this.#apps);
    attachment.events = {
      hello: () => {},
      received: (report) => this.#tenants.get(report.app)?.received(report),
      handles: (message, brought) => this.#handles.received(message, brought, attachment),
      malformed: (problem) => this.#apps.forEach((tenant) => tenant.malformed(problem)),
      hung: (why) => this.#kill(why),
      closed: () => this.#detached(attachment),
    };
  }

  /** @throws LbError LB_ERR_PRIMARY_LOST when none connects in time, or none will. */
  async connected(app: string): Promise<Attachment> {
    return this.#attachment ?? (await this.#waiters.next(app, () => (this.keeps(app) ? this.problem : 'it ended or was killed')));
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

  /** Another daemon looks after its primary from now on. */
  close(): void {
    this.#primary = null;
    this.#attachment = null;
    this.#tenants.clear();
    this.#respawn.cancel();
    this.#handles.close();
  }

  get #apps(): Tenant[] {
    return [...this.#tenants.values()];
  }

  get #wanted(): boolean {
    return this.#apps.some(({ wanted }) => wanted);
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
    this.#orphan(this.#handles);
    this.#respawn.predecessor.leaves(pid, this.#apps);
    // Until its workers have ended, a daemon that comes after this one must find them.
    this.#respawn.predecessor.whenGone(() => {
      if (this.#primary === null) this.#record.remove();
    });
    for (const tenant of this.#apps.filter((each) => !each.wanted)) this.#end(tenant, pid, how);
    if (this.#wanted) this.#replace(pid, how);
    for (const tenant of this.#apps) tenant.lost();
    if (!this.#wanted) this.#waiters.answer(null);
  }

  #orphan(handles: KeptHandles): void {
    for (const output of handles.takeOutputs()) this.#options.orphaned(output);
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
