import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { FromPrimary, PrimarySettings, ToPrimary } from '../protocol/attach.ts';
import { ATTACH_PROTOCOL, WORKER_PROTOCOL } from '../protocol/version.ts';
import type { WorkerSettings } from '../protocol/worker.ts';
import { homePaths } from '../system/paths.ts';
import { startTimeOf } from '../system/processes.ts';
import type { DaemonLink, LinkEvents } from './daemon-link.ts';
import type { SpawnChannel } from './ingress/spawn-channel.ts';
import { HostedApp, type AppPorts } from './hosted-app.ts';

/** What a primary needs from the system. */
export interface PrimaryPorts extends Omit<AppPorts, 'keeper'> {
  readonly channel: Pick<SpawnChannel, keyof SpawnChannel>;
  readonly link: (settings: PrimarySettings, events: LinkEvents) => Pick<DaemonLink, keyof DaemonLink>;
}

/** The connection between the daemon and the app: passes each order to the app and answers it exactly once. */
export class Primary {
  readonly #settings: PrimarySettings;
  readonly #ports: PrimaryPorts;
  readonly #link: ReturnType<PrimaryPorts['link']>;
  readonly #app: HostedApp;
  readonly #finish: () => void;

  /** @param finish called when the app has ended and everything has been written. */
  constructor(settings: PrimarySettings, ports: PrimaryPorts, finish: () => void) {
    this.#settings = settings;
    this.#ports = ports;
    this.#finish = finish;
    this.#link = ports.link(settings, {
      hello: () => this.#hello(),
      received: (message) => this.#received(message),
      malformed: (problem) => this.#app.badMessages.report('the daemon', problem),
      lost: () => this.#app.daemonLost(settings.foreground),
    });
    this.#app = new HostedApp({
      name: settings.app,
      ports: { ...ports, keeper: ports.channel },
      outbox: this.#link,
      profiles: homePaths(settings.home).profiles,
      workerSettings: (spec) => this.#workerSettings(spec),
      finished: () => void this.#link.close().then(this.#finish),
    });
  }

  async start(): Promise<void> {
    await this.#ports.channel.receive(
      this.#settings.sockets,
      (key, handle, name) => this.#app.ingress.received(key, handle, name),
      (problem) => this.#app.badMessages.report('the daemon', problem),
    );
    this.#link.dial();
  }

  #hello(): FromPrimary {
    const { app, version } = this.#settings;
    return { type: 'hello', app, pid: process.pid, startTime: startTimeOf(process.pid), version, protocol: ATTACH_PROTOCOL, running: this.#app.running };
  }

  #received(message: ToPrimary): void {
    if (message.type === 'ping') return this.#link.send({ type: 'pong', seq: message.seq });
    const { id, order } = message;
    this.#app
      .carryOut(order, (record) => this.#link.send({ type: 'progress', id, record }))
      .then(
        (answer) => this.#link.send({ type: 'answer', id, answer }),
        (error: unknown) => this.#link.send({ type: 'failed', id, error: LbError.from(error).toRecord() }),
      );
  }

  #workerSettings(spec: AppSpec): WorkerSettings {
    const { socket, home, daemonLog, daemonProgram, daemonNode, foreground } = this.#settings;
    const restartDaemon = foreground ? null : { socket, program: daemonProgram, home, log: daemonLog, node: daemonNode };
    return { protocol: WORKER_PROTOCOL, killTimeoutMs: spec.killTimeoutMs, restartDaemon };
  }
}
