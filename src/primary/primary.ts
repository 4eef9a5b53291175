import { LbError, messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { askAfter, FOREGROUND_GRACE_MS } from '../lifecycle/stop-ladder.ts';
import type { FromPrimary, Order, PrimarySettings, ToPrimary } from '../protocol/attach.ts';
import type { Brought } from '../protocol/parse-handles.ts';
import type { Malformed } from '../protocol/parser.ts';
import { ATTACH_PROTOCOL, WORKER_PROTOCOL } from '../protocol/version.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import type { KeptProgram } from '../system/kept-program.ts';
import { homePaths } from '../system/paths.ts';
import { startTimeOf } from '../system/processes.ts';
import type { DaemonLink, LinkEvents } from './daemon-link.ts';
import { HandleKeeper } from './handles/handle-keeper.ts';
import { HostedApp, type AppOutbox, type AppPorts } from './hosted-app.ts';

const PRINTED: ReadonlySet<string> = new Set(['/dev/stdout', '/dev/stderr', 'journal']);

/** What a primary needs from the system. */
export interface PrimaryPorts extends AppPorts {
  readonly program: Pick<KeptProgram, 'id' | 'path'>;
  readonly link: (settings: PrimarySettings, events: LinkEvents) => Pick<DaemonLink, keyof DaemonLink>;
}

/** A process that hosts apps: passes each order of the daemon to its app, answers it exactly once, and ends with its last app when the daemon tells it to leave. */
export class Primary {
  readonly #settings: PrimarySettings;
  readonly #ports: PrimaryPorts;
  readonly #link: ReturnType<PrimaryPorts['link']>;
  readonly #apps = new Map<string, HostedApp>();
  readonly #finish: () => void;
  #isLeaving = false;
  #isEnding = false;

  /** @param finish called when it has left: the last app has ended, and everything has been written. */
  constructor(settings: PrimarySettings, ports: PrimaryPorts, finish: () => void) {
    this.#settings = settings;
    this.#ports = ports;
    this.#finish = finish;
    this.#link = ports.link(settings, {
      hello: (proof) => this.#hello(proof),
      attached: () => {
        for (const app of this.#apps.values()) app.daemonAttached();
      },
      received: (message, brought) => this.#received(message, brought),
      malformed: (problem) => this.#malformed(problem),
      lost: () => this.#daemonLost(),
      unstarted: (error) => this.tell('daemon-unstarted', `no daemon could be started, trying again: ${messageOf(error)}`),
    });
  }

  start(): void {
    this.#link.dial();
  }

  /** After an external rotation. */
  reopenLogs(): void {
    for (const app of this.#apps.values()) void app.reopenLogs();
  }

  /** Whether the next primary would get the listening sockets of all apps. */
  get isReplaceable(): boolean {
    return [...this.#apps.values()].every(({ keeper }) => keeper.complete);
  }

  /** An event of this process, which each of its apps reports. */
  tell(kind: 'bug' | 'daemon-unstarted' | 'program-copy' | 'storage', message: string): void {
    for (const app of this.#apps.values()) app.event(kind, message);
  }

  #hello(proof: number | null): FromPrimary {
    const { name, version } = this.#settings;
    const hosted = [...this.#apps.values()];
    const apps = hosted.flatMap(({ running }) => (running === null ? [] : [running]));
    const sockets = hosted.flatMap((app) => app.ingress.held.map(({ key }) => ({ app: app.name, key })));
    const { id } = this.#ports.program;
    const program = id === null ? {} : { program: id };
    return { type: 'hello', protocol: ATTACH_PROTOCOL, name, pid: process.pid, startTime: startTimeOf(process.pid), proof, version, ...program, sockets, apps };
  }

  #received(message: ToPrimary, { socket }: Brought): void {
    switch (message.type) {
      case 'ping':
        return this.#link.send({ type: 'pong', seq: message.seq });
      case 'leave':
        return this.#leave(true);
      case 'keep':
        return this.#kept(message, socket);
      case 'unbound':
        return this.#apps.get(message.app)?.keeper.bound(message.key, message.errno);
      case 'dropped':
        return this.#apps.get(message.app)?.keeper.dropped(message.key);
      case 'challenge':
      case 'welcome':
      case 'pong':
        return;
      case 'order':
        return this.#carryOut(message);
    }
  }

  #kept({ app, key, name }: Extract<ToPrimary, { type: 'keep' }>, socket: Brought['socket']): void {
    if (socket === null) return;
    const hosted = this.#host(app);
    hosted.ingress.received(key, socket, name);
    hosted.keeper.bound(key, 0);
  }

  #carryOut({ id, app, order }: Extract<ToPrimary, { type: 'order' }>): void {
    this.#host(app)
      .carryOut(this.#settings.foreground ? inForeground(order) : order, (record) => this.#link.send({ type: 'progress', app, id, record }))
      .then(
        (answer) => this.#link.send({ type: 'answer', app, id, answer }),
        (error: unknown) => this.#link.send({ type: 'failed', app, id, error: LbError.from(error).toRecord() }),
      );
  }

  #host(name: string): HostedApp {
    const hosted = this.#apps.get(name);
    if (hosted !== undefined) return hosted;
    const paths = homePaths(this.#settings.home);
    const app = new HostedApp({
      name,
      ports: this.#ports,
      keeper: new HandleKeeper(name, this.#link, this.#settings.user !== undefined),
      outbox: this.#outboxOf(name),
      home: paths.home,
      profiles: paths.profiles,
      lineTimes: paths.lineTimes,
      workerSettings: (spec) => this.#workerSettings(spec),
      finished: () => {
        this.#apps.delete(name);
        this.#endIfDone();
      },
    });
    this.#apps.set(name, app);
    return app;
  }

  #outboxOf(app: string): AppOutbox {
    const link = this.#link;
    return {
      get busy() {
        return link.busy;
      },
      send: (report) => link.send({ ...report, app }),
    };
  }

  #malformed(problem: Malformed): void {
    for (const app of this.#apps.values()) app.badMessages.report('the daemon', problem);
  }

  /** In the foreground, apps stop with their daemon. */
  #daemonLost(): void {
    for (const app of this.#apps.values()) app.daemonLost();
    if (this.#settings.foreground) this.#leave(false);
  }

  /** @param handsOver another primary serves its apps */
  #leave(handsOver: boolean): void {
    this.#isLeaving = true;
    for (const app of [...this.#apps.values()]) app.leave(handsOver);
    this.#endIfDone();
  }

  /** Only the daemon knows that no other app is on its way to this primary. */
  #endIfDone(): void {
    if (!this.#isLeaving || this.#isEnding || this.#apps.size > 0) return;
    this.#isEnding = true;
    void this.#link.close().then(this.#finish);
  }

  #workerSettings(spec: AppSpec): WorkerSettings {
    const { home, daemonLog, daemonNode, foreground, user } = this.#settings;
    // Another user cannot start the daemon of root.
    const restartDaemon =
      foreground || user !== undefined
        ? null
        : { socket: homePaths(home).socket, program: this.#ports.program.path('daemon'), home, log: daemonLog, node: daemonNode };
    const nodeOptions = spec.env['NODE_OPTIONS'] ?? null;
    const { name, kind, killTimeoutMs, drainIdleMs, umask } = spec;
    // A command gets none of this.
    const role = kind === 'command' ? 'plain' : kind;
    const own = umask === null ? {} : { umask };
    return { protocol: WORKER_PROTOCOL, role, app: name, nodeOptions, killTimeoutMs, askAfterMs: askAfter(killTimeoutMs), drainIdleMs, restartDaemon, ...own };
  }
}

/** In the foreground mode a stop ends in time, whatever the definition came from, and output that is for stdout is printed anyway. */
function inForeground(order: Order): Order {
  if (!('spec' in order) || order.spec === undefined) return order;
  const { spec } = order;
  const stopGraceMs = spec.stopGraceMs ?? FOREGROUND_GRACE_MS;
  return {
    ...order,
    spec: { ...spec, stopGraceMs, outFile: unlessPrinted(spec.outFile), errorFile: unlessPrinted(spec.errorFile), logFile: unlessPrinted(spec.logFile) },
  };
}

/** `lb run` prints all output, which a unit sends to the journal. */
const unlessPrinted = (file: string | null): string | null => (file !== null && PRINTED.has(file) ? null : file);
