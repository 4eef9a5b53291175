import { EventEmitter } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Daemon } from '../../src/daemon/daemon.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { DaemonLink } from '../../src/primary/daemon-link.ts';
import { bindListener } from '../../src/primary/ingress/bind-listener.ts';
import { Primary } from '../../src/primary/primary.ts';
import { IpcProcess } from '../../src/primary/workers/ipc-process.ts';
import { startable } from '../../src/primary/workers/startable.ts';
import { ServiceManager } from '../../src/system/service-manager.ts';
import { watchFiles } from '../../src/system/watch-files.ts';
import { PRIMARY_SETTINGS_VAR, SETTINGS_VARS, type PrimarySettings, type ToPrimary } from '../../src/protocol/attach.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import { somaxconn } from '../../src/system/kernel-queue.ts';
import { memoryLeftBytes } from '../../src/system/memory-room.ts';
import { portHolder } from '../../src/system/port-holder.ts';
import { findScript } from '../../src/system/script-file.ts';
import { openByItself } from '../../src/system/unfed-sockets.ts';
import { controlRequest, type ControlAnswer } from '../helpers/control.ts';
import { waitFor } from '../helpers/wait.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { FakeWorker, WELL_BEHAVED } from '../primary/fake-workers.ts';
import { layer } from './fault-layer.ts';

/** No process has this pid. */
const NOBODY = 999_999_999;
const LINE = `${'x'.repeat(200)}\n`;
const usage = { sample: () => Promise.resolve(new Map<number, never>()), ofTree: () => null, forget: () => {} };

interface HostedPrimary {
  readonly link: DaemonLink;
  readonly leave: () => void;
  readonly child: EventEmitter;
}

/** Its stdout, and what it answers when a profile is taken. */
class PrintingWorker extends FakeWorker {
  override send(message: Parameters<FakeWorker['send']>[0], ...rest: readonly unknown[]): boolean {
    if (typeof message === 'object' && message.t === 'profile') {
      const { path } = message.request;
      setImmediate(() => this.tell({ t: 'profiled', path, bytes: 7, error: null }));
    }
    return super.send(message, ...rest);
  }
}

/**
 * A daemon and a primary in this process, real but for the workers and for the channel between the two, through a life with everything
 * that touches a file: deploys, logs, the death of each of them.
 */
export class Life {
  readonly spec: AppSpec;
  readonly log: string[] = [];
  readonly #directory: string;
  readonly #home: string;
  #daemon: Daemon | null = null;
  #pipes: PassThrough[] = [];
  #workers = 0;
  #primary: HostedPrimary | null = null;
  #ended: Promise<void> = Promise.resolve();
  readonly #links: DaemonLink[] = [];
  readonly #daemons: Daemon[] = [];
  #isAbandoned = false;

  constructor(directory: string) {
    this.#directory = directory;
    this.#home = join(directory, 'home');
    const script = join(directory, 'server.cjs');
    writeFileSync(script, '');
    const programs = join(directory, 'bin');
    mkdirSync(programs);
    writeFileSync(join(programs, 'systemd-cat'), '', { mode: 0o755 });
    process.env['PATH'] = programs;
    this.spec = sampleSpec({
      script,
      cwd: directory,
      kind: 'cluster',
      instances: 1,
      interpreter: null,
      outFile: join(this.#home, 'logs', 'api-out.log'),
      errorFile: 'journal',
      pidFile: join(directory, 'api.pid'),
      logMaxBytes: 2_000,
      logKeep: 3,
      hangTimeoutMs: null,
      onEvent: { run: 'notify', url: null, kinds: null, severity: 'info' } as unknown as AppSpec['onEvent'],
    });
    layer.spawn = (args, options) => this.#spawn(args, options);
  }

  /** Starts the daemon. */
  async open(): Promise<void> {
    const daemon: Daemon = new Daemon({
      home: this.#home,
      version: '1.2.3',
      role: 'background',
      notCopied: null,
      manager: new ServiceManager({}, () => {}),
      onHandOver: () => {},
      log: (message) => this.log.push(message),
      onShutdown: () => void (this.#ended = daemon.close('lb kill')),
    });
    this.#daemon = daemon;
    this.#daemons.push(daemon);
    await daemon.open();
  }

  /** What cannot be written now, in words. */
  get notes(): readonly string[] {
    return this.#daemon?.unwritten.messages ?? [];
  }

  start(): Promise<ControlAnswer> {
    return this.ask('POST', '/v1/apps', { apps: [this.spec] });
  }

  /** Everything but the start and the end. */
  async run(): Promise<void> {
    await this.#logs();
    await this.#endpoints();
    await this.ask('POST', '/v1/apps/api/profile', { what: 'report' });
    await this.ask('POST', '/v1/apps/api/reload', { monitorMs: 1 });
    await this.#online('after the reload');
  }

  /** Ends everything, as `lb kill` does. */
  async end(): Promise<void> {
    await this.ask('POST', '/v1/apps/api/stop', {});
    await this.ask('POST', '/v1/apps/api/flush');
    await this.ask('GET', '/v1/apps/api/logs?lines=10');
    await this.ask('POST', '/v1/shutdown');
    await waitFor('the daemon to begin its end', () => this.log.some((line) => line.includes('is shutting down: lb kill')));
    await this.#ended;
  }

  /** The next daemon of the same home. */
  async again(): Promise<void> {
    await this.open();
    await this.ask('GET', '/v1/list');
    await this.ask('GET', '/v1/metrics');
    await this.ask('DELETE', '/v1/apps/api', {});
    await this.#daemon?.close('the end');
  }

  /** Lets go of everything, however far it came. */
  async abandon(): Promise<void> {
    layer.fault = null;
    this.#isAbandoned = true;
    this.#primary?.leave();
    for (const link of this.#links) void link.close();
    await Promise.all(this.#daemons.map((daemon) => daemon.close('abandoned')));
    for (const attachment of layer.attachments) attachment.close();
    layer.attachments.clear();
  }

  ask(method: string, path: string, body?: unknown): Promise<ControlAnswer> {
    return controlRequest(join(this.#home, 'lb.sock'), method, path, body);
  }

  async #logs(): Promise<void> {
    for (let n = 0; n < 8; n++) {
      for (const pipe of this.#pipes) pipe.write(LINE.repeat(4));
      await this.ask('POST', '/v1/apps/api/reopen');
    }
    await this.ask('GET', '/v1/apps/api/logs?lines=10');
    await this.ask('GET', '/v1/events?since=0');
    await this.ask('GET', '/v1/metrics');
  }

  async #endpoints(): Promise<void> {
    await this.ask('POST', '/v1/metrics', { listen: null });
    const shared = { group: 'mine', gid: process.getgid?.() ?? 0, socket: join(this.#directory, 'run', 'lb.sock') };
    await this.ask('POST', '/v1/share', { shared });
    await this.ask('POST', '/v1/share', { shared: null });
  }

  async #online(when: string): Promise<void> {
    await waitFor(
      `the app to be online ${when}`,
      async () => {
        const { state, ready } = (await this.ask('GET', '/v1/apps/api')).json<AppSnapshot>();
        return state === 'online' && ready === 1;
      },
      { deadlineMs: 5_000, everyMs: 5, context: () => this.log.slice(-20).join('\n') },
    );
  }

  #spawn(args: readonly string[], { env = {} }: { readonly env?: Readonly<Record<string, string>> }): ChildProcess {
    const child = Object.assign(new EventEmitter(), {
      pid: env[PRIMARY_SETTINGS_VAR] === undefined ? NOBODY : process.pid,
      connected: true,
      exitCode: 0,
      signalCode: null,
      stdin: new PassThrough().resume(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      send: () => true,
      unref: () => {},
      kill: () => true,
    });
    if (this.#isAbandoned) return child as unknown as ChildProcess;
    const settings = env[PRIMARY_SETTINGS_VAR];
    if (settings !== undefined) this.#primary = this.#host(JSON.parse(settings) as PrimarySettings, child);
    else if (args.includes('-t')) {
      setImmediate(() => child.emit('spawn'));
      child.stdin.once('finish', () => child.emit('exit', 0, null));
    } else setImmediate(() => child.emit('exit', 0, null));
    return child as unknown as ChildProcess;
  }

  #host(settings: PrimarySettings, child: EventEmitter): HostedPrimary {
    const program = { id: null, path: (part: string): string => `/program/${part}` };
    const hosted: { link?: DaemonLink; leave: () => void } = { leave: () => {} };
    const primary = new Primary(
      settings,
      {
        duplicate: () => Promise.resolve(null),
        program,
        link: (own, events) => {
          hosted.leave = () => events.received({ type: 'leave' } satisfies ToPrimary, { socket: null, pipe: null });
          hosted.link = new DaemonLink(own, events, program);
          this.#links.push(hosted.link);
          return hosted.link;
        },
        // Any port will do.
        bind: (query) => bindListener({ ...query, address: '127.0.0.1', port: 0 }),
        startWorker: ({ spec, slot }, events) => this.#fork(spec, slot, events),
        startable,
        watchFiles,
        somaxconn,
        portHolder: portHolder({ home: settings.home, ...SETTINGS_VARS }),
        memoryLeftBytes,
        findScript,
        openByItself,
        usage,
      },
      () => {
        if (!this.#isAbandoned && this.#primary?.child === child) layer.primaryLives = false;
        child.emit('exit', 0, null);
      },
    );
    layer.primaryLives = true;
    primary.start();
    if (hosted.link === undefined) throw new Error('a primary without a link');
    return { link: hosted.link, leave: () => hosted.leave(), child };
  }

  #fork(spec: AppSpec, slot: number, events: ConstructorParameters<typeof IpcProcess>[1]): IpcProcess {
    const stdout = new PassThrough();
    const worker = new PrintingWorker(1_000_000_000 + ++this.#workers, slot, spec, { ...WELL_BEHAVED, bootMs: 1, drainMs: 1, leaveMs: 1, stdout });
    const stderr = new PassThrough();
    Object.assign(worker, { stderr });
    this.#pipes.push(stdout, stderr);
    worker.once('exit', () => {
      this.#pipes = this.#pipes.filter((pipe) => pipe !== stdout && pipe !== stderr);
      stdout.end();
      stderr.end();
    });
    return new IpcProcess(worker as unknown as ChildProcess, events, () => worker.end(null, 'SIGKILL'));
  }
}
