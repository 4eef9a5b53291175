import type { MetricsBody, ProgressRecord } from '../protocol/control.ts';
import { SETTINGS_VARS } from '../protocol/attach.ts';
import { BadMessages } from '../protocol/bad-messages.ts';
import { makeEvent, type EmitEvent, type NewEvent } from '../protocol/event.ts';
import { now, wallNow } from '../system/clock.ts';
import { withDeadline } from '../system/deadline.ts';
import { KeptProgram } from '../system/kept-program.ts';
import { findProgram } from '../system/program.ts';
import { homePaths, type HomePaths } from '../system/paths.ts';
import { portHolder } from '../system/port-holder.ts';
import type { AppHandle } from './app-handle.ts';
import { AttachServer } from './attach-server.ts';
import { ControlServer } from './control-server.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { Doors } from './doors.ts';
import { EventLog } from './event-log.ts';
import { HandOver } from './hand-over.ts';
import { HomeClaim } from './home-claim.ts';
import { EventHooks } from './hooks/event-hooks.ts';
import { Live } from './live.ts';
import { MetricsEndpoint } from './metrics-endpoint.ts';
import { MemoryWatch } from './memory-watch.ts';
import { Metrics } from './metrics.ts';
import { OrphanOutputs } from './orphan-outputs.ts';
import { OwnFacts } from './own-facts.ts';
import { PROGRAM_DIRECTORY } from './own-program.ts';
import { spawnPrimary } from './primary-process.ts';
import { Registry } from './registry.ts';
import { routes } from './routes.ts';
import { SharedSocket } from './shared-socket.ts';
import { Store } from './store.ts';
import { createUpgrade } from './upgrade/create-upgrade.ts';
import type { Succession } from './upgrade/succession.ts';
import type { Upgrade } from './upgrade/upgrade.ts';
import { PersistentCounters } from './persistent-counters.ts';
import { Unwritten } from './unwritten.ts';

/** Hooks that are under way when the daemon ends have so long. */
const HOOKS_END_MS = 2_000;
/** A disk that does not answer keeps no daemon from ending. */
const FILES_END_MS = 2_000;
const CLAIM_CHECK_MS = 1_000;

/** The control plane of one home directory: lock, socket, apps. */
export class Daemon {
  readonly registry: Registry;
  readonly live: Live;
  readonly unwritten = new Unwritten((message) => this.happened('storage', message));
  /** An event of the daemon itself. */
  readonly happened = this.#happened(null);
  readonly #options: DaemonOptions;
  readonly #paths: HomePaths;
  readonly #own: OwnFacts;
  readonly #server: ControlServer;
  readonly #events: EventLog;
  readonly #hooks: EventHooks;
  readonly #totals: PersistentCounters;
  readonly #metrics: Metrics;
  readonly #metricsEndpoint: MetricsEndpoint;
  readonly #shared: SharedSocket;
  readonly #memory = new MemoryWatch((message) => this.happened('memory-pressure', message));
  readonly #badMessages = new BadMessages(this.happened, now);
  readonly #orphanOutputs: OrphanOutputs = new OrphanOutputs({
    lineTimes: () => this.#paths.lineTimes,
    specOf: (app) => this.registry.find(app)?.spec,
    event: (app) => this.#happened(app),
    live: () => this.live,
  });
  readonly #attachServer: AttachServer;
  readonly #doors: Doors;
  readonly #claim: HomeClaim;
  readonly #handOver: HandOver;
  readonly #program: KeptProgram;
  readonly upgrade: Upgrade;
  readonly succession: Succession;
  #checks: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#paths = homePaths(options.home);
    const missing = (message: string): void => this.happened('program-copy', message);
    this.#program = new KeptProgram({ program: findProgram(PROGRAM_DIRECTORY), home: options.home, missing }, PROGRAM_DIRECTORY);
    this.#own = new OwnFacts(options, this.#program.id);
    this.#events = new EventLog({ path: this.#paths.events, log: options.log, reports: this.unwritten });
    this.live = new Live(() => this.registry, this.#events);
    this.#totals = new PersistentCounters(this.#paths.totals, this.unwritten);
    ({ upgrade: this.upgrade, succession: this.succession } = createUpgrade({
      ...options,
      foreground: options.role === 'run',
      paths: this.#paths,
      program: this.#program,
      registry: () => this.registry,
      event: this.#happened(null),
      reports: this.unwritten,
    }));
    this.#metrics = new Metrics({
      totals: this.#totals,
      facts: () => this.#own.forMetrics(),
      apps: () => this.registry.all.map((app) => app.view.stats),
      own: () => this.registry.ownMetrics(),
    });
    this.#metricsEndpoint = new MetricsEndpoint({
      file: this.#paths.metrics,
      text: () => this.#metrics.exposition(),
      log: options.log,
      reports: this.unwritten,
      holder: portHolder({ home: options.home, ...SETTINGS_VARS }),
      failed: (message) => this.happened('metrics-port', message),
    });
    this.#doors = new Doors({ folder: this.#paths.primaries, dial: (name, door, closed) => this.#attachServer.dial(name, door, closed) });
    this.registry = this.#createRegistry();
    this.#hooks = new EventHooks({
      apps: () => this.registry.all.map(({ name }) => name),
      specOf: (app) => this.registry.find(app)?.spec,
      failed: (app, message) => this.#happened(app)('hook-failed', message),
    });
    this.#server = new ControlServer({
      version: options.version,
      log: options.log,
      routes: routes({
        registry: this.registry,
        events: this.#events,
        metrics: this.#metrics,
        endpoint: this.#metricsEndpoint,
        shared: () => this.#shared,
        upgrade: () => this.upgrade,
        hello: () => this.#own.hello({ metrics: this.#metricsEndpoint.state, shared: this.#shared.state }),
        notes: () => this.unwritten.messages,
        reopenLogs: (app) => this.reopenLogs(app),
        handOver: (body) => this.#handOver.agree(body),
        shutdown: async (progress) => {
          await this.#stopAll(progress);
          setImmediate(options.onShutdown);
        },
      }),
      onWebSocket: (request, socket, head, url) => this.live.accept(request, socket, head, url),
    });
    this.#attachServer = new AttachServer({
      home: options.home,
      attached: (attachment, hello, isOfUser) => this.registry.attach(attachment, hello, isOfUser),
      malformed: (problem, from) => this.#badMessages.report(from, problem),
    });
    this.#handOver = new HandOver({ ...options, isSettled: () => this.registry.isSettled && !this.#server.isBusy, leave: options.onHandOver });
    this.#claim = new HomeClaim({
      ...options,
      paths: this.#paths,
      sockets: [
        { name: 'attach', listen: (path) => this.#attachServer.listen(path) },
        // The last one: whoever asks finds the apps under way.
        { name: 'socket', listen: (path) => this.#server.listen(path) },
      ],
      restored: (message) => this.#restored(message),
      reports: this.unwritten,
      failed: (message) => this.happened('daemon-socket', message),
      lost: () => options.onHandOver('another daemon has claimed the home, which was deleted and made anew'),
    });
    this.#shared = new SharedSocket({
      file: this.#paths.share,
      reports: this.unwritten,
      listen: (path) => this.#server.listen(path),
      failed: (message) => this.happened('share-failed', message),
    });
  }

  /**
   * Claims the home and, unless it is `lb run`, brings back what was saved: adopts primaries that are alive, starts the others.
   * @throws LbError LB_ERR_DAEMON_RUNNING when another one keeps the home, LB_ERR_HOME, LB_ERR_SOCKET_PATH.
   */
  async open(): Promise<void> {
    const isOfHome = this.#options.role !== 'run';
    const taken = await this.#claim.take();
    this.upgrade.prepare();
    this.#events.load();
    this.#totals.load();
    if (isOfHome) this.registry.load();
    await this.#claim.listen();
    this.#began();
    for (const message of taken) this.happened('name-taken', message);
    if (isOfHome) this.registry.restore();
    this.#metricsEndpoint.restore();
    void this.#shared.restore();
    this.#memory.start();
    this.#checks = setInterval(() => void this.#claim.check(), CLAIM_CHECK_MS);
  }

  /** Drains every app, those on which others depend after them unless a grace limits that. They stay desired: a signal is a reboot or a service manager, and what ran runs again. */
  drainAll(options: { now?: boolean }, progress: (record: ProgressRecord) => void): Promise<void> {
    const isOrdered = ({ spec }: AppHandle): boolean => options.now !== true && spec.stopGraceMs === null;
    return this.#saved(this.registry.stopAll((app) => app.close(options, progress), isOrdered));
  }

  /** @param why for the last event of this daemon. */
  close(why: string): Promise<void> {
    this.#closing ??= this.#close(why);
    return this.#closing;
  }

  async #close(why: string): Promise<void> {
    this.#memory.stop();
    if (this.#checks !== null) clearInterval(this.#checks);
    this.registry.close();
    this.#doors.close();
    this.#attachServer.close();
    this.upgrade.close();
    this.happened('daemon-end', `daemon (pid ${process.pid}) is shutting down: ${why}`);
    await withDeadline(
      this.#orphanOutputs.close().catch(() => {}),
      FILES_END_MS,
    );
    await this.#hooks.close(HOOKS_END_MS);
    await this.#events.close();
    this.#shared.close();
    this.#metricsEndpoint.close();
    this.#claim.release();
  }

  /** After an external rotation. */
  async reopenLogs(app: AppHandle): Promise<void> {
    await this.#orphanOutputs.reopen(app.name);
    if (app.active) await app.order({ kind: 'reopen-logs' });
  }

  /** @throws LbError LB_ERR_METRICS_LISTEN */
  async serveMetrics(wanted: MetricsBody): Promise<void> {
    await this.#metricsEndpoint.move(wanted);
  }

  /** The operator stops every app; the definitions stay. */
  #stopAll(progress: (record: ProgressRecord) => void): Promise<void> {
    return this.#saved(this.registry.stopAll((app) => app.stopped(progress)));
  }

  async #saved(work: Promise<void>): Promise<void> {
    await work;
    await withDeadline(this.registry.save(), FILES_END_MS);
  }

  #createRegistry(): Registry {
    const { home, version, role, log } = this.#options;
    const { socket, attach, daemonLog, state, runState, primaries } = this.#paths;
    const forPrimaries = { home, socket, attach, daemonLog };
    const { unwritten: reports } = this;
    return new Registry({
      store: new Store(role === 'run' ? runState : state, reports, this.#program.id),
      reports,
      log,
      event: (app) => this.#happened(app),
      primariesDir: primaries,
      spawn: spawnPrimary,
      home,
      userPrimaries: { home, doors: this.#doors, openProgram: () => this.#program.openCopy(), log },
      settings: () => ({ ...forPrimaries, daemonNode: process.execPath, program: this.#program.directory, version, foreground: role === 'run' }),
      received: (report) => {
        if (report.type === 'log') this.live.logs(report.app, report.lines, report.dropped);
        else this.#add(report.event);
      },
      totals: this.#totals,
      stats: (stats) => this.#metrics.record(stats),
      orphaned: (output) => this.#orphanOutputs.read(output),
      forgotten: (app) => {
        this.#metrics.forget(app);
        this.#hooks.forget(app);
      },
      followed: (app) => this.live.followed(app),
      ended: () => {
        if (this.registry.all.every((app) => !app.active)) this.#options.onAllEnded?.();
      },
    });
  }

  #began(): void {
    const { last, endedWell } = this.#events;
    const unclean = last !== null && !endedWell;
    if (this.#options.notCopied !== null) this.#happened(null)('program-copy', `no private copy of its program: ${this.#options.notCopied}`);
    const { version, because = '' } = this.#options;
    const started = `daemon ${version} (pid ${process.pid}, Node.js ${process.version}) started${because === '' ? '' : `, because ${because}`}`;
    this.happened('daemon-start', started + (unclean ? '; the previous daemon did not shut down cleanly' : ''), undefined, { unclean });
  }

  /** Files of the home were deleted; what this daemon keeps there is written again. */
  #restored(message: string): void {
    this.happened('daemon-socket', message);
    void this.registry.save();
  }

  /** Events that the daemon tells itself. */
  #happened(app: string | null): EmitEvent {
    return (kind, message, worker?, details?) => this.#add(makeEvent(app, wallNow(), kind, message, worker, details));
  }

  #add(event: NewEvent): void {
    this.#options.log(`${event.app === null ? '' : `${event.app}: `}${event.message}`);
    this.#hooks.happened(this.#events.add(event));
  }
}
