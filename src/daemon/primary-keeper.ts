import { messageOf } from '../errors/lb-error.ts';
import type { Running } from '../protocol/attach.ts';
import { isAlive, sendSignal } from '../system/processes.ts';
import { until } from '../system/until.ts';
import { admitPrimary } from './admit-primary.ts';
import { watchAbsence } from './absence.ts';
import type { Attachment, PrimaryHello, Report } from './attachment.ts';
import { KeptHandles } from './kept-handles.ts';
import type { KeptSocket } from './kept-sockets.ts';
import { departed, tellLeftAlone, tellReplaced } from './primary-end.ts';
import { PrimaryHistory } from './primary-history.ts';
import type { PrimaryId } from './primary-record.ts';
import { NotRelieved, Reliefs, type HeldPrimary } from './relief.ts';
import { Restarts } from './restarts.ts';
import { Respawn } from './respawn.ts';
import type { PrimaryKeeperOptions, Tenant } from './tenant.ts';
import { Tenants } from './tenants.ts';
import { startPrimaryAs } from './user-primary.ts';
import { Waiters } from './waiters.ts';

/** How long an app that has agreed to end may take to close its sockets and files. */
const END_MS = 10_000;

/** Keeps one primary alive for its apps: spawns, adopts, replaces one that died or hangs, and keeps the listening sockets meanwhile. */
export class PrimaryKeeper {
  /** The build that the primary runs, once it has connected. */
  program: string | undefined = undefined;
  /** How the last primary ended, while no other has connected. */
  problem: string | null = null;
  readonly #options: PrimaryKeeperOptions;
  readonly #tenants = new Tenants();
  #handles = new KeptHandles((app) => this.#tenants.get(app));
  readonly reliefs = new Reliefs({
    spawnBeside: (onExit) => {
      const id = this.#start((pid, how) => (this.#primary?.pid === pid ? this.#lost(pid, how) : onExit(how)));
      return { id, handles: this.#handles.beside() };
    },
    install: (next) => this.#install(next),
    left: (handles) => handles.giveOutputs(this.#options.orphaned),
  });
  readonly #respawn = new Respawn();
  readonly restarts = new Restarts({
    replaced: () => this.reliefs.over(),
    obstacle: (app) => this.#history.goneFor(app) ?? this.#leaving,
    isCurrent: (attachment) => this.#attachment === attachment,
    log: (message) => this.#options.log(message),
  });
  readonly #history: PrimaryHistory;
  #primary: PrimaryId | null = null;
  /** The primary that this daemon started last, until something in it is ready. */
  #newcomer: PrimaryId | null = null;
  #attachment: Attachment | null = null;
  /** Resolves when the primary whose last app has ended is gone. */
  #leaving: Promise<void> | null = null;
  readonly #waiters = new Waiters();
  #interpreter: string | null = null;
  /** Why the daemon itself killed it. */
  #killedFor: string | null = null;

  constructor(options: PrimaryKeeperOptions) {
    this.#options = options;
    this.#history = new PrimaryHistory(options, () => this.#tenants.user);
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
    return this.#primary !== null;
  }

  /** It has no app and no primary. */
  get isIdle(): boolean {
    return this.empty && this.#primary === null && this.#leaving === null;
  }

  get empty(): boolean {
    return this.#tenants.count === 0;
  }

  /** Takes in an app, which must be started with `spawn` or `adoptOrSpawn`. @param interpreter Node.js binary for the next primary; null for that of the daemon */
  host(tenant: Tenant, interpreter: string | null): void {
    if (this.empty) this.#respawn.reset();
    this.#tenants.add(tenant);
    this.#history.hosts(this.#tenants.all);
    this.#interpreter = interpreter;
  }

  /** Starts the primary, unless it runs. @param sockets that its apps bring along: it gets them now, or when it connects */
  spawn(sockets: readonly KeptSocket[] = []): void {
    this.#handles.bring(sockets, this.#attachment);
    if (this.#primary !== null) return;
    this.#respawn.spawned();
    this.#primary = this.#start((pid, how) => this.#lost(pid, how));
    this.#newcomer = this.#primary;
    this.#history.runs(this.#primary, this.#tenants.all);
    this.#watchAbsence();
  }

  #start(onExit: (pid: number, how: string) => void): PrimaryId {
    return startPrimaryAs(this.#tenants.user, this.#options, this.#interpreter, onExit);
  }

  /** Replaces the primary by one of this daemon's program. Resolves when the old one is gone. @throws NotRelieved */
  async relieve(replaced: () => void): Promise<void> {
    if (this.#primary === null || this.#attachment === null) throw new NotRelieved('its primary is not connected');
    await this.reliefs.run(this.#tenants.all, replaced);
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
    const { log, name, userPrimaries } = this.#options;
    const found = this.#history.find(this.#tenants.all, userPrimaries.doors.restore(name));
    if (found === null) {
      this.#spawnOrRetry();
      return false;
    }
    log(`primary ${name} (pid ${found.pid}) is alive, waiting for it to connect`);
    this.#primary = found;
    this.#watchAbsence();
    return true;
  }

  /** An app that is no longer wanted does not wait for a restart that is due. It ends the replacement of a primary of its own; one that it shares is replaced first. */
  async cancelRespawn(app: string): Promise<void> {
    if (this.#tenants.count > 1) await this.reliefs.over();
    this.reliefs.cancel();
    if (!this.#respawn.due) return;
    if (!this.#tenants.areWanted) this.#respawn.cancel();
    this.release(app);
  }

  /** This primary has connected; one too many leaves. */
  attach(attachment: Attachment, hello: PrimaryHello): void {
    if (this.reliefs.takes(attachment, hello)) return;
    if (!admitPrimary(attachment, hello, { ...this.#options, primary: this.#primary, newcomer: this.#newcomer })) return;
    const before = this.#attachment;
    this.#serve(attachment, hello);
    before?.close();
    // Before any order: an app that starts finds its sockets.
    this.#handles.attached(attachment, hello);
    const running = (app: string): Running | null => hello.apps.find(({ spec }) => spec.name === app) ?? null;
    for (const tenant of this.#tenants.all) tenant.connected(attachment, hello.pid, running(tenant.name));
    this.#waiters.answer(attachment);
  }

  #serve(attachment: Attachment, { pid, startTime, program }: PrimaryId & { readonly program?: string | undefined }): void {
    this.#attachment = attachment;
    this.program = program;
    this.problem = null;
    this.#primary = { pid, startTime };
    this.#history.runs(this.#primary, this.#tenants.all);
    attachment.events = {
      hello: () => {},
      received: (report) => this.#received(report),
      handles: (message, brought) => this.#handles.received(message, brought, attachment),
      malformed: (problem) => this.#tenants.all.forEach((tenant) => tenant.malformed(problem)),
      hung: (why) => this.#kill(why),
      closed: () => this.#detached(attachment),
    };
  }

  /** @throws LbError LB_ERR_PRIMARY_LOST when none connects in time, or none will. */
  async connected(app: string): Promise<Attachment> {
    return this.#attachment ?? (await this.#waiters.next(app, () => (this.keeps(app) ? this.problem : 'it ended or was killed')));
  }

  #received(report: Report): void {
    if (report.type === 'stats' && report.stats.ready > 0) this.#newcomer = null;
    this.#tenants.received(report);
    if (report.type === 'ended') this.release(report.app);
  }

  /** Resolves when an app that was told to end is gone: its sockets, and with the last app the process. */
  async gone(app: string): Promise<void> {
    const tenant = this.#tenants.get(app);
    if (!(await until(() => tenant === undefined || this.#tenants.get(app) !== tenant, END_MS))) {
      this.#options.log(`${app} was told to end ${END_MS / 1000} s ago, and its primary has not said that it did`);
      this.release(app);
    }
    await this.#leaving;
  }

  /** Another daemon looks after its primary from now on. */
  close(): void {
    this.#primary = null;
    this.#attachment = null;
    this.#tenants.clear();
    this.#respawn.cancel();
    this.#handles.close();
  }

  #detached(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = null;
    this.#watchAbsence();
  }

  #watchAbsence(primary = this.#primary): void {
    const isOver = (): boolean => this.#primary !== primary || this.#attachment !== null;
    watchAbsence(primary, { isOver, dead: (pid) => this.#lost(pid, 'it is gone'), hung: (why) => this.#kill(why) });
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
    this.#handles.giveOutputs(this.#options.orphaned);
    this.#history.ended(pid, this.#tenants.all);
    for (const tenant of this.#tenants.all.filter((each) => !each.wanted)) this.#end(tenant, pid, how);
    if (this.#tenants.areWanted) this.#replace(pid, how);
    for (const tenant of this.#tenants.all) tenant.lost();
    if (!this.#tenants.areWanted) this.#waiters.answer(null);
  }

  /** An app that was to end has ended with its primary. */
  #end(tenant: Tenant, pid: number, how: string): void {
    if (!tenant.mayEnd) {
      tellLeftAlone(tenant, { pid, how });
      tenant.lost();
    }
    this.release(tenant.name);
  }

  /** This app does not run any more: its ports are free again. A primary without apps leaves. */
  release(app: string): void {
    const tenant = this.#tenants.get(app);
    if (tenant === undefined) return;
    this.#handles.dropSockets(app);
    this.#tenants.remove(app);
    this.#history.hosts(this.#tenants.all);
    if (!this.empty || this.#primary === null) return tenant.ended();
    this.#leaving = this.#leave(this.#primary, tenant);
  }

  async #leave(primary: PrimaryId, last: Tenant): Promise<void> {
    this.#attachment?.leave();
    this.#primary = null;
    this.#attachment = null;
    await departed(primary, this.#options.log);
    this.#leaving = null;
    this.#handles.giveOutputs(this.#options.orphaned);
    this.#history.ended(primary.pid, [last]);
    last.ended();
  }

  /** The next primary gets the sockets that were kept, so no connection is refused meanwhile. */
  #replace(pid: number, how: string): void {
    this.problem = `its primary ${how.startsWith('could not') ? how : `ended: ${how}`}`;
    const delayMs = this.#respawn.nextDelayMs();
    for (const tenant of this.#tenants.all) tellReplaced(tenant, { pid, how }, delayMs, this.#handles.socketsOf(tenant.name));
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
