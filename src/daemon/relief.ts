import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors/lb-error.ts';
import type { EventKind } from '../lifecycle/event-kind.ts';
import type { Answer, Order } from '../protocol/attach.ts';
import { discardHandle } from '../system/discard-handle.ts';
import { withDeadline } from '../system/deadline.ts';
import { isAlive } from '../system/processes.ts';
import { until } from '../system/until.ts';
import type { Attachment, AttachmentEvents, PrimaryHello, Report } from './attachment.ts';
import type { KeptHandles } from './kept-handles.ts';
import type { PrimaryId } from './primary-record.ts';

const ATTACH_WITHIN_MS = 10_000;
/** Beyond what its workers may take. */
const LEAVE_WITHIN_MS = 10_000;
const POLL_MS = 20;

/** What a primary that leaves reports of its own stop is not about the app. */
const OF_STOP: ReadonlySet<EventKind> = new Set<EventKind>(['operation-begin', 'operation', 'ended']);

/** An app whose primary is replaced. */
export interface RelievedApp {
  readonly name: string;
  /** A primary that ends is replaced for it. */
  readonly wanted: boolean;
  /** The workers of one primary must have ended before the next one starts any. */
  readonly stopFirst: boolean;
  readonly killTimeoutMs: number;
  /** Starts its workers in a primary beside the one that serves it. */
  readonly startBeside: Order;
  /** Another primary serves it. @param answer to its start; null if it is yet to be started there */
  relieved(attachment: Attachment, pid: number, answer: Answer | null): void;
  /** From the primary that leaves: what its workers still print and count, and what happens to them. */
  farewell(report: Report): void;
  /** It is going to be replaced stop-first. */
  announceGap(): void;
}

/** A primary as its keeper holds it. */
export interface HeldPrimary {
  readonly id: PrimaryId;
  readonly attachment: Attachment;
  readonly handles: KeptHandles;
  readonly program: string | undefined;
}

/** What the keeper of a primary does for its replacement. */
export interface ReliefHost {
  /** Starts another primary. @returns it, and what is kept for it: the same sockets */
  spawnBeside(onExit: (how: string) => void): { readonly id: PrimaryId; readonly handles: KeptHandles };
  /** Makes it the primary. @returns the one before; null if that died meanwhile */
  install(next: HeldPrimary): HeldPrimary | null;
  /** The one that left is gone. */
  left(handles: KeptHandles): void;
}

/** Why a primary was not replaced. The one before goes on. */
export class NotRelieved extends Error {
  override readonly name = 'NotRelieved';
}

/**
 * Replaces a primary that works: another one starts beside it and gets duplicates of its sockets, so that nothing is refused. Its
 * workers are ready before those of the old one drain; for an app that must not run twice they start when those have ended, and
 * connections wait in the sockets meanwhile. Whatever fails before that leaves the old primary as it was.
 */
export class Relief {
  readonly #host: ReliefHost;
  #next: { readonly id: PrimaryId; readonly handles: KeptHandles } | null = null;
  #attached: ((attachment: Attachment) => void) | null = null;
  #program: string | undefined;
  #end: string | null = null;
  /** Given up because an app is to stop. */
  #isCancelled = false;
  #failed: (reason: string) => void = () => {};

  constructor(host: ReliefHost) {
    this.#host = host;
  }

  /** Whether this is the primary that is on its way. It is not the keeper's before `install`. */
  takes(attachment: Attachment, { pid, program }: PrimaryHello): boolean {
    if (this.#next?.id.pid !== pid || this.#attached === null) return false;
    this.#program = program;
    const { handles } = this.#next;
    attachment.events = {
      ...SILENT,
      handles: (message, brought) => handles.received(message, brought, attachment),
      closed: () => this.#failed('it disconnected'),
    };
    // Before any order: its apps find their sockets.
    handles.lend(attachment);
    this.#attached(attachment);
    return true;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#failed('the app is being stopped');
  }

  /** Resolves when the old primary is gone. @param replaced the new one serves @throws NotRelieved */
  async run(apps: readonly RelievedApp[], replaced: () => void): Promise<void> {
    const [startFirst, stopFirst] = [apps.filter((app) => !app.stopFirst), apps.filter((app) => app.stopFirst)];
    const attachment = await this.#start();
    const id = this.#next?.id ?? { pid: 0, startTime: null };
    const answers = new Map<string, Answer>();
    await this.#startWorkers(attachment, startFirst, answers);
    if (this.#isCancelled) return this.#giveUp(attachment, 'the app is being stopped');
    const handles = this.#next?.handles;
    if (handles === undefined) return this.#giveUp(attachment, 'it ended');
    for (const app of stopFirst) app.announceGap();
    const before = this.#host.install({ id, attachment, handles, program: this.#program });
    this.#next = null;
    const departures = new Departures();
    const gone = before === null ? Promise.resolve() : this.#leave(before, apps, departures);
    for (const app of startFirst) app.relieved(attachment, id.pid, answers.get(app.name) ?? null);
    const started = stopFirst.map((app) => Promise.race([gone, departures.of(app.name)]).then(() => app.relieved(attachment, id.pid, null)));
    await Promise.all(started);
    replaced();
    await gone;
  }

  async #start(): Promise<Attachment> {
    const connected = new Promise<Attachment | null>((resolve) => {
      this.#attached = resolve;
      this.#failed = () => resolve(null);
    });
    this.#next = this.#host.spawnBeside((how) => {
      this.#end = how;
      this.#failed(how);
    });
    const attachment = await withDeadline(connected, ATTACH_WITHIN_MS);
    if (attachment !== null) return attachment;
    const { pid, startTime } = this.#next.id;
    const why = this.#end === null ? `did not connect within ${ATTACH_WITHIN_MS / 1000} s` : `ended before it connected (${this.#end})`;
    if (pid > 0 && isAlive(pid, startTime)) process.kill(pid, 'SIGKILL');
    throw new NotRelieved(`its new primary (pid ${pid}) ${why}`);
  }

  async #startWorkers(attachment: Attachment, apps: readonly RelievedApp[], answers: Map<string, Answer>): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      this.#failed = (reason) => reject(new NotRelieved(this.#isCancelled ? reason : `its new primary ended (${this.#end ?? reason})`));
    });
    failed.catch(() => {});
    try {
      for (const app of apps.filter(({ wanted }) => wanted)) {
        answers.set(app.name, await Promise.race([attachment.order(app.name, app.startBeside), failed]));
      }
    } catch (error) {
      this.#giveUp(attachment, messageOf(error));
    }
  }

  #giveUp(attachment: Attachment, reason: string): never {
    this.#next = null;
    attachment.leave();
    throw new NotRelieved(reason);
  }

  /** Resolves when it is gone. */
  async #leave(before: HeldPrimary, apps: readonly RelievedApp[], departures: Departures): Promise<void> {
    const { attachment, id, handles } = before;
    attachment.leave();
    attachment.events = {
      ...SILENT,
      received: (report) => {
        if (report.type === 'ended') departures.ended(report.app);
        if (report.type !== 'event' || !OF_STOP.has(report.event.kind)) apps.find(({ name }) => name === report.app)?.farewell(report);
      },
      // The sockets are those of its successor.
      handles: (message, brought) => {
        if (message.type === 'keep-output' || message.type === 'drop-output') handles.received(message, brought, attachment);
        else discardHandle(brought.socket);
      },
    };
    const withinMs = Math.max(0, ...apps.map(({ killTimeoutMs }) => killTimeoutMs)) + LEAVE_WITHIN_MS;
    if (!(await until(() => !isAlive(id.pid, id.startTime), withinMs))) process.kill(id.pid, 'SIGKILL');
    this.#host.left(handles);
  }
}

/** Which apps the old primary has ended. */
class Departures {
  readonly #waiting = new Map<string, () => void>();

  of(app: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(app, resolve));
  }

  ended(app: string): void {
    this.#waiting.get(app)?.();
  }
}

const SILENT: AttachmentEvents = { hello: () => {}, received: () => {}, handles: () => {}, malformed: () => {}, hung: () => {}, closed: () => {} };

/** The replacements of one keeper's primary: one at a time. */
export class Reliefs {
  readonly #host: ReliefHost;
  #current: Relief | null = null;

  constructor(host: ReliefHost) {
    this.#host = host;
  }

  /** @throws NotRelieved */
  async run(apps: readonly RelievedApp[], replaced: () => void): Promise<void> {
    if (this.#current !== null) throw new NotRelieved('it is being replaced already');
    const relief = new Relief(this.#host);
    this.#current = relief;
    const over = (): void => {
      if (this.#current === relief) this.#current = null;
    };
    try {
      await relief.run(apps, () => {
        over();
        replaced();
      });
    } finally {
      over();
    }
  }

  /** Resolves when none is on its way. */
  async over(): Promise<void> {
    while (this.#current !== null) await sleep(POLL_MS);
  }

  takes(attachment: Attachment, hello: PrimaryHello): boolean {
    return this.#current?.takes(attachment, hello) ?? false;
  }

  cancel(): void {
    this.#current?.cancel();
  }
}
