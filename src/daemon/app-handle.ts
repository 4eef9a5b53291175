import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { ExitReport } from '../lifecycle/exit-report.ts';
import type { Answer, FromPrimary, Order, PrimarySettings } from '../protocol/attach.ts';
import type { LogLine } from '../protocol/control.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { now } from '../system/clock.ts';
import { isAlive, startTimeOf } from '../system/processes.ts';
import type { Attachment, Hello, ProgressListener } from './attachment.ts';
import { offlineSnapshot } from './offline-snapshot.ts';
import { spawnPrimary, type KeptSockets } from './primary-process.ts';
import type { DesiredState, SavedApp } from './store.ts';

const ATTACH_DEADLINE_MS = 10_000;
/** A primary that is alive but not connected for this long is hung. */
const ABSENT_MS = 5_000;
const LOOK_EVERY_MS = 50;
const SNAPSHOT_DEADLINE_MS = 1_000;
const RESPAWN_BASE_MS = 100;
const RESPAWN_CAP_MS = 10_000;
const RESPAWN_STABLE_MS = 10_000;

interface PrimaryId {
  readonly pid: number;
  readonly startTime: number | null;
}

export interface AppHandleOptions {
  readonly saved: SavedApp;
  readonly primarySettings: (app: string) => Omit<PrimarySettings, 'sockets'>;
  readonly primariesDir: string;
  readonly log: (message: string) => void;
  /** Something that must be saved changed. */
  readonly changed: () => void;
  readonly received: (app: string, message: Extract<FromPrimary, { type: 'event' | 'log' }>) => void;
  readonly followed: (app: string) => boolean;
  /** Its primary has ended and no other will start. */
  readonly ended: (app: string) => void;
}

/** One app as the daemon sees it: what is wanted of it, its primary, and the sockets kept for the next primary. */
export class AppHandle {
  spec: AppSpec;
  desired: DesiredState;
  generation: number;
  error: string | null;
  readonly #options: AppHandleOptions;
  readonly #sockets: KeptSockets = new Map();
  #primary: PrimaryId | null = null;
  #attachment: Attachment | null = null;
  #snapshot: AppSnapshot | null = null;
  #waiters: ((attachment: Attachment) => void)[] = [];
  #starting = false;
  /** The daemon ends; the app's end is not the operator's wish. */
  #closing = false;
  #respawns = 0;
  #spawnedAt = 0;
  #respawnTimer: NodeJS.Timeout | null = null;

  constructor(options: AppHandleOptions) {
    this.#options = options;
    this.spec = options.saved.spec;
    this.desired = options.saved.desired;
    this.generation = options.saved.generation;
    this.error = options.saved.error;
  }

  get name(): string {
    return this.spec.name;
  }

  /** A start is under way or done. */
  get active(): boolean {
    return this.#starting || this.#primary !== null || this.#respawnTimer !== null;
  }

  toSaved(): SavedApp {
    const { spec, desired, generation, error } = this;
    return { spec, desired, generation, error };
  }

  /** Starts the app because the operator asked; its first failure is the operator's. */
  async start(onProgress: ProgressListener): Promise<Answer> {
    this.#starting = true;
    this.desired = 'running';
    this.error = null;
    this.generation = 1;
    this.#options.changed();
    try {
      this.#spawn();
      const attachment = await this.#attached();
      return await this.#ask(attachment, { kind: 'start', spec: this.spec, strict: true, generation: this.generation }, onProgress);
    } catch (error) {
      // The primary of an app that did not start ends; only then can it be started again.
      if (error instanceof LbError && error.code !== 'LB_ERR_PRIMARY_LOST') await this.#primaryGone();
      throw error;
    } finally {
      this.#starting = false;
    }
  }

  /** Makes sure a primary runs for an app that should: after a reboot, or after its primary's death. */
  bringBack(): void {
    const alive = readPrimaryFile(this.#primaryFile);
    if (alive !== null && isAlive(alive.pid, alive.startTime)) {
      this.#options.log(`${this.name}: its primary (pid ${alive.pid}) is alive, waiting for it`);
      this.#primary = alive;
      this.#watchAbsence();
      return;
    }
    this.#spawn();
  }

  /** A primary has connected: the one we spawned, one we adopt, or one that nobody expected. */
  attach(attachment: Attachment, hello: Hello): void {
    if (this.#attachment !== null && this.#primary?.pid !== hello.pid) {
      this.#options.log(`${this.name}: a second primary (pid ${hello.pid}) connected, it is told to leave`);
      attachment.events = { ...attachment.events, closed: () => {}, received: () => {} };
      void attachment.order({ kind: 'stop' }).catch(() => {});
      return;
    }
    this.#attachment = attachment;
    this.#primary = { pid: hello.pid, startTime: hello.startTime };
    void writeFileAtomic(this.#primaryFile, JSON.stringify(this.#primary)).catch(() => {});
    attachment.events = {
      ...attachment.events,
      received: (message) => this.#received(message),
      hung: () => this.#kill('its event loop does not answer'),
      closed: () => this.#detached(attachment),
    };
    this.#takeOver(attachment, hello);
    if (this.#options.followed(this.name)) void this.follow(true);
    for (const waiter of this.#waiters.splice(0)) waiter(attachment);
  }

  async order(order: Order, onProgress?: ProgressListener): Promise<Answer> {
    if (!this.active) throw new LbError('LB_ERR_APP_STOPPED', { app: this.name, state: this.desired, operation: order.kind });
    return this.#ask(await this.#attached(), order, onProgress);
  }

  /** Drains it and keeps the definition; null when it did not run. */
  async stop(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    if (this.desired !== 'stopped') {
      this.desired = 'stopped';
      this.error = null;
      this.#options.changed();
    }
    return this.#drain(options, onProgress);
  }

  /** Drains it because the daemon ends; it stays desired and runs again with the next daemon. */
  async close(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    this.#closing = true;
    return this.#drain(options, onProgress);
  }

  /** As it is now; if its primary does not answer soon, as it was last known. */
  async snapshot(): Promise<AppSnapshot> {
    if (this.#attachment !== null) {
      const answer = await withDeadline(this.#attachment.order({ kind: 'snapshot' }).catch(() => null), SNAPSHOT_DEADLINE_MS);
      if (answer?.kind === 'snapshot') this.#snapshot = answer.snapshot;
      if (this.#primary !== null && this.#snapshot !== null && !this.#starting) return this.#snapshot;
      if (answer?.kind === 'snapshot') return answer.snapshot;
    }
    return offlineSnapshot(this, this.desired === 'running' ? 'starting' : this.desired, this.#snapshot);
  }

  /** The last exits of its workers, known even after its primary has ended. */
  get lastExits(): readonly ExitReport[] {
    return this.#snapshot?.lastExits ?? [];
  }

  async tail(lines: number): Promise<readonly LogLine[] | null> {
    if (this.#attachment === null) return null;
    const answer = await this.#ask(this.#attachment, { kind: 'tail', lines }).catch(() => null);
    return answer?.kind === 'tail' ? answer.lines : null;
  }

  async follow(on: boolean): Promise<void> {
    await this.#attachment?.order({ kind: 'follow-logs', on }).catch(() => {});
  }

  async #drain(options: { now?: boolean }, onProgress: ProgressListener): Promise<Answer | null> {
    if (this.#respawnTimer !== null) clearTimeout(this.#respawnTimer);
    this.#respawnTimer = null;
    if (this.#primary === null) return null;
    const answer = await this.#ask(await this.#attached(), { kind: 'stop', ...options }, onProgress);
    await this.#primaryGone();
    return answer;
  }

  get #primaryFile(): string {
    return join(this.#options.primariesDir, `${this.name}.json`);
  }

  #spawn(): void {
    const sockets = this.#sockets;
    this.#spawnedAt = now();
    const settings: PrimarySettings = { ...this.#options.primarySettings(this.name), sockets: sockets.size };
    const child = spawnPrimary({
      interpreter: this.spec.interpreter,
      settings,
      logFile: settings.daemonLog,
      sockets,
      onExit: (how) => this.#lost(child.pid ?? 0, how),
    });
    const pid = child.pid ?? 0;
    this.#primary = { pid, startTime: startTimeOf(pid) };
    this.#watchAbsence();
  }

  /** A primary without an app yet gets its order; one that already runs tells what it runs. */
  #takeOver(attachment: Attachment, hello: Hello): void {
    if (hello.running !== null) {
      this.spec = hello.running.spec;
      this.generation = hello.running.snapshot.generation;
      this.#snapshot = hello.running.snapshot;
      this.#options.log(`${this.name}: primary (pid ${hello.pid}) adopted`);
      if (this.desired !== 'running') void attachment.order({ kind: 'stop' }).catch(() => {});
    } else if (!this.#starting) {
      void this.#ask(attachment, { kind: 'start', spec: this.spec, strict: false, generation: this.generation }).catch((error: unknown) =>
        this.#options.log(`${this.name}: ${LbError.from(error).message}`),
      );
    }
  }

  async #ask(attachment: Attachment, order: Order, onProgress?: ProgressListener): Promise<Answer> {
    try {
      const answer = await attachment.order(order, onProgress);
      if (answer.kind === 'done') this.#learn(answer.spec, answer.snapshot);
      return answer;
    } catch (error) {
      if (!(error instanceof LbError) || error.code !== 'LB_ERR_PRIMARY_LOST') throw error;
      throw new LbError('LB_ERR_PRIMARY_LOST', { app: this.name, reason: String(error.details['reason'] ?? '') });
    }
  }

  #learn(spec: AppSpec, snapshot: AppSnapshot): void {
    this.#snapshot = snapshot;
    if (JSON.stringify(spec) === JSON.stringify(this.spec) && snapshot.generation === this.generation) return;
    this.spec = spec;
    this.generation = snapshot.generation;
    this.#options.changed();
  }

  #received(message: Extract<FromPrimary, { type: 'event' | 'log' | 'ended' }>): void {
    if (message.type !== 'ended') return this.#options.received(this.name, message);
    this.#snapshot = message.snapshot;
    this.error = message.error;
    if (this.#closing) return;
    this.desired = message.state;
    this.#options.changed();
  }

  #attached(): Promise<Attachment> {
    if (this.#attachment !== null) return Promise.resolve(this.#attachment);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new LbError('LB_ERR_PRIMARY_LOST', { app: this.name, reason: `it did not connect within ${ATTACH_DEADLINE_MS / 1000} s` })),
        ATTACH_DEADLINE_MS,
      );
      this.#waiters.push((attachment) => {
        clearTimeout(timer);
        resolve(attachment);
      });
    });
  }

  async #primaryGone(): Promise<void> {
    const deadline = now() + ABSENT_MS;
    while (this.#primary !== null && isAlive(this.#primary.pid, this.#primary.startTime) && now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (this.#primary !== null) this.#lost(this.#primary.pid, 'ended');
  }

  #detached(attachment: Attachment): void {
    if (this.#attachment !== attachment) return;
    this.#attachment = null;
    this.#watchAbsence();
  }

  /** Until it is connected: notices that the primary is dead, and ends one that stays away. */
  #watchAbsence(): void {
    const since = now();
    const look = (): void => {
      const primary = this.#primary;
      if (primary === null || this.#attachment !== null) return;
      if (!isAlive(primary.pid, primary.startTime)) this.#lost(primary.pid, 'it is gone');
      else {
        if (now() - since > ABSENT_MS) this.#kill(`it is not connected for ${ABSENT_MS / 1000} s`);
        setTimeout(look, LOOK_EVERY_MS);
      }
    };
    setTimeout(look, LOOK_EVERY_MS);
  }

  #kill(why: string): void {
    const primary = this.#primary;
    if (primary === null || !isAlive(primary.pid, primary.startTime)) return;
    this.#options.log(`${this.name}: primary (pid ${primary.pid}) is killed: ${why}`);
    process.kill(primary.pid, 'SIGKILL');
  }

  /** The primary's process has ended; a running app gets a new one with the sockets that were kept. */
  #lost(pid: number, how: string): void {
    if (this.#primary?.pid !== pid) return;
    this.#primary = null;
    this.#attachment?.close();
    this.#attachment = null;
    rmSync(this.#primaryFile, { force: true });
    if (this.desired !== 'running' || this.#closing) {
      this.#dropSockets();
      this.#options.ended(this.name);
      return;
    }
    if (now() - this.#spawnedAt > RESPAWN_STABLE_MS) this.#respawns = 0;
    const delayMs = this.#respawns === 0 ? 0 : Math.min(RESPAWN_BASE_MS * 2 ** this.#respawns, RESPAWN_CAP_MS);
    this.#respawns++;
    this.#options.log(`${this.name}: primary (pid ${pid}) ended unexpectedly (${how}); a new one starts in ${delayMs} ms, ${this.#sockets.size} sockets kept`);
    this.#respawnTimer = setTimeout(() => {
      this.#respawnTimer = null;
      this.#spawn();
    }, delayMs);
  }

  #dropSockets(): void {
    for (const { handle } of this.#sockets.values()) handle.close();
    this.#sockets.clear();
  }
}

function readPrimaryFile(path: string): PrimaryId | null {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; startTime?: unknown };
    return typeof pid === 'number' ? { pid, startTime: typeof startTime === 'number' ? startTime : null } : null;
  } catch {
    return null;
  }
}

function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
