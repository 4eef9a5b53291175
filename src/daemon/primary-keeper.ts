import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LbError, messageOf } from '../errors/lb-error.ts';
import { plural } from '../lifecycle/wording.ts';
import type { PrimarySettings } from '../protocol/attach.ts';
import { BadMessages } from '../protocol/bad-messages.ts';
import type { EmitEvent } from '../protocol/event.ts';
import { integer, nullable, number, object } from '../protocol/parser.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { now } from '../system/clock.ts';
import { withDeadline } from '../system/deadline.ts';
import { isAlive, startTimeOf } from '../system/processes.ts';
import type { Attachment, AttachmentEvents, PrimaryHello } from './attachment.ts';
import { readSaved, savedText } from './saved-file.ts';
import { spawnPrimary, type KeptSockets } from './primary-process.ts';

const ATTACH_DEADLINE_MS = 10_000;
/** A primary that is alive but not connected for this long is hung. */
const ABSENT_MS = 10_000;
const LOOK_EVERY_MS = 50;
const RESPAWN_BASE_MS = 100;
const RESPAWN_CAP_MS = 10_000;
/** A primary that lived this long resets the delay. */
const RESPAWN_STABLE_MS = 10_000;

interface PrimaryId {
  readonly pid: number;
  readonly startTime: number | null;
}

export interface PrimaryKeeperOptions {
  readonly app: string;
  readonly primariesDir: string;
  readonly settings: () => Omit<PrimarySettings, 'sockets'>;
  /** Node.js binary for the next primary. */
  readonly interpreter: () => string;
  /** A primary that is lost is replaced. */
  readonly wanted: () => boolean;
  readonly log: (message: string) => void;
  readonly event: EmitEvent;
  readonly received: AttachmentEvents['received'];
  /** Connected: just spawned, adopted, or connected again. */
  readonly onConnected: (attachment: Attachment, hello: PrimaryHello) => void;
  /** It said that it ends, or was told to and agreed. */
  readonly mayEnd: () => boolean;
  /** Ended unexpectedly. */
  readonly onLost: () => void;
  /** Ended, and no other will start. */
  readonly onEnded: () => void;
}

/** Sees to it that one app has one primary: spawns, adopts, replaces a dead or a hung one, and keeps the listening sockets meanwhile. */
export class PrimaryKeeper {
  readonly #options: PrimaryKeeperOptions;
  readonly #badMessages: BadMessages;
  readonly #sockets: KeptSockets = new Map();
  #primary: PrimaryId | null = null;
  #attachment: Attachment | null = null;
  #waiters: ((attachment: Attachment) => void)[] = [];
  #respawns = 0;
  #spawnedAt = 0;
  #respawnTimer: NodeJS.Timeout | null = null;
  /** Why the daemon itself killed it. */
  #killedFor: string | null = null;

  constructor(options: PrimaryKeeperOptions) {
    this.#options = options;
    this.#badMessages = new BadMessages(options.event, now);
  }

  /** The connection, while there is one. */
  get attachment(): Attachment | null {
    return this.#attachment;
  }

  get hasPrimary(): boolean {
    return this.#primary !== null;
  }

  /** A primary runs, or is about to. */
  get active(): boolean {
    return this.#primary !== null || this.#respawnTimer !== null;
  }

  spawn(): void {
    this.#spawnedAt = now();
    const settings: PrimarySettings = { ...this.#options.settings(), sockets: this.#sockets.size };
    const child = spawnPrimary({
      interpreter: this.#options.interpreter(),
      settings,
      logFile: settings.daemonLog,
      sockets: this.#sockets,
      malformed: (problem) => this.#badMessages.report('the primary', problem),
      onExit: (how) => this.#lost(child.pid ?? 0, how),
    });
    const pid = child.pid ?? 0;
    this.#primary = { pid, startTime: startTimeOf(pid) };
    this.#watchAbsence();
  }

  /** Waits for a primary that outlived its daemon; spawns one when there is none. */
  adoptOrSpawn(): void {
    const { log } = this.#options;
    const alive = readSaved({ path: this.#file, parser: savedPrimary, log, without: 'starting another primary' });
    if (alive === null || !isAlive(alive.pid, alive.startTime)) return this.spawn();
    log(`${this.#options.app}: its primary (pid ${alive.pid}) is alive, waiting for it to connect`);
    this.#primary = alive;
    this.#watchAbsence();
  }

  /** Gives up the restart that is due. */
  cancelRespawn(): void {
    if (this.#respawnTimer === null) return;
    clearTimeout(this.#respawnTimer);
    this.#respawnTimer = null;
    this.#release();
  }

  /** A primary of this app has connected; one too many is told to leave. */
  attach(attachment: Attachment, hello: PrimaryHello): void {
    const { app, log, received, onConnected } = this.#options;
    if (this.#attachment !== null && this.#primary?.pid !== hello.pid) {
      log(`${app}: a second primary (pid ${hello.pid}) connected and is told to exit`);
      attachment.events = { hello: () => {}, received: () => {}, malformed: () => {}, hung: () => {}, closed: () => {} };
      void attachment.order({ kind: 'stop' }).catch(() => {});
      return;
    }
    this.#attachment = attachment;
    this.#primary = { pid: hello.pid, startTime: hello.startTime };
    void writeFileAtomic(this.#file, savedText(this.#primary)).catch(() => {});
    attachment.events = {
      hello: () => {},
      received,
      malformed: (problem) => this.#badMessages.report('the primary', problem),
      hung: () => this.#kill('its event loop does not respond'),
      closed: () => this.#detached(attachment),
    };
    onConnected(attachment, hello);
    for (const waiter of this.#waiters.splice(0)) waiter(attachment);
  }

  /** @throws LbError LB_ERR_PRIMARY_LOST when none connects in time. */
  async connected(): Promise<Attachment> {
    if (this.#attachment !== null) return this.#attachment;
    const attached = await withDeadline(new Promise<Attachment>((resolve) => this.#waiters.push(resolve)), ATTACH_DEADLINE_MS);
    if (attached !== null) return attached;
    throw new LbError('LB_ERR_PRIMARY_LOST', { app: this.#options.app, reason: `it did not connect within ${ATTACH_DEADLINE_MS / 1000} s` });
  }

  /** Resolves when the process of a primary that was told to end has ended. */
  async gone(): Promise<void> {
    const primary = this.#primary;
    if (primary === null) return;
    const deadline = now() + ABSENT_MS;
    while (isAlive(primary.pid, primary.startTime) && now() < deadline) await sleep(5);
    this.#kill('it was told to exit and did not');
    this.#lost(primary.pid, 'ended');
  }

  get #file(): string {
    return join(this.#options.primariesDir, `${this.#options.app}.json`);
  }

  #detached(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = null;
    this.#watchAbsence();
  }

  /** Until it is connected: notices that the primary is dead, and ends one that stays away. */
  #watchAbsence(): void {
    const primary = this.#primary;
    // Looks are counted, not time alone: a daemon that stood still must not take it out on its primaries.
    let looksLeft = ABSENT_MS / LOOK_EVERY_MS;
    const look = (): void => {
      if (primary === null || this.#primary !== primary || this.#attachment !== null) return;
      if (!isAlive(primary.pid, primary.startTime)) return this.#lost(primary.pid, 'it is gone');
      looksLeft--;
      if (looksLeft === 0) this.#kill(`it was disconnected for ${ABSENT_MS / 1000} s`);
      setTimeout(look, LOOK_EVERY_MS);
    };
    setTimeout(look, LOOK_EVERY_MS);
  }

  #kill(why: string): void {
    const primary = this.#primary;
    if (primary === null || !isAlive(primary.pid, primary.startTime)) return;
    this.#options.log(`${this.#options.app}: killing primary (pid ${primary.pid}): ${why}`);
    this.#killedFor = why;
    process.kill(primary.pid, 'SIGKILL');
  }

  #lost(pid: number, end: string): void {
    if (this.#primary?.pid !== pid) return;
    const how = this.#killedFor === null ? end : `killed: ${this.#killedFor}`;
    this.#killedFor = null;
    this.#primary = null;
    this.#attachment?.close();
    this.#attachment = null;
    rmSync(this.#file, { force: true });
    const { wanted, mayEnd, event, onLost } = this.#options;
    if (wanted()) this.#respawn(pid, how);
    else if (mayEnd()) return this.#release();
    else
      event('primary-lost', `primary (pid ${pid}) ended unexpectedly (${how}); the app was being stopped, its workers finish on their own`, undefined, {
        cause: how,
      });
    onLost();
    if (!wanted()) this.#release();
  }

  /** No other primary will come: the port is free again. */
  #release(): void {
    for (const { handle } of this.#sockets.values()) handle.close();
    this.#sockets.clear();
    this.#options.onEnded();
  }

  /** The next primary gets the sockets that were kept, so nobody is refused meanwhile. */
  #respawn(pid: number, how: string): void {
    if (now() - this.#spawnedAt > RESPAWN_STABLE_MS) this.#respawns = 0;
    const delayMs = this.#respawns === 0 ? 0 : Math.min(RESPAWN_BASE_MS * 2 ** this.#respawns, RESPAWN_CAP_MS);
    this.#respawns++;
    const when = `a new one starts ${delayMs === 0 ? 'at once' : `in ${delayMs} ms`}, ${plural(this.#sockets.size, 'socket')} kept`;
    this.#options.event('primary-lost', `primary (pid ${pid}) ended unexpectedly (${how}); ${when}`, undefined, { cause: how });
    this.#respawnTimer = setTimeout(() => {
      this.#respawnTimer = null;
      try {
        this.spawn();
      } catch (error) {
        this.#respawn(0, messageOf(error));
      }
    }, delayMs);
  }
}

const savedPrimary = object<PrimaryId>({ pid: integer(1), startTime: nullable(number()) });
