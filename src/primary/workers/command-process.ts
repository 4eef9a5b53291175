import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { describeUnready } from '../../lifecycle/ready-when.ts';
import { askAfter } from '../../lifecycle/stop-ladder.ts';
import { socketQuery } from '../../protocol/socket-query.ts';
import { MARK, type FromWorker, type ToWorker, type Unmarked } from '../../protocol/worker.ts';
import { killCommand, signalCommand } from '../../system/command-session.ts';
import { signalGroup } from '../../system/processes.ts';
import { CommandMeter } from './command-meter.ts';
import { CommandReadiness } from './command-readiness.ts';
import type { CommandRecord } from './command-record.ts';
import type { SentHandle, WorkerProcess, WorkerProcessEvents } from './worker-process.ts';

const NOTHING_OPEN = { requests: 0, oldestMs: 0, connections: 0, websockets: 0, sockets: 0 };

interface Command {
  readonly spec: AppSpec;
  /** As it was started. */
  readonly env: Readonly<Record<string, string>>;
  readonly record: CommandRecord;
}

/** The process of a command. It knows nothing of `lb`, so this answers in its place, from what can be seen from outside. */
export class CommandProcess implements WorkerProcess {
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly countsTree = true;
  readonly takesConnections = false;
  readonly readyBy: string;
  readonly #child: ChildProcess;
  readonly #command: Command;
  readonly #events: WorkerProcessEvents;
  readonly #meter: CommandMeter;
  readonly #readiness: CommandReadiness;
  #signal: NodeJS.Signals = 'SIGTERM';
  #groupTimer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(child: ChildProcess, command: Command, events: WorkerProcessEvents) {
    const { spec, env, record } = command;
    this.#child = child;
    this.#command = command;
    this.#events = events;
    this.pid = child.pid ?? 0;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.readyBy = spec.readyWhen === null ? 'it did not live for min_uptime' : describeUnready(spec.readyWhen);
    this.#meter = new CommandMeter(this.pid, (beat) => this.#say({ t: 'heartbeat', beat }));
    this.#readiness = new CommandReadiness({ pid: this.pid, spec, env, ready: () => events.message('ready') });
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.on('error', (error) => {
      if (this.pid !== 0 || this.#ended) return;
      events.startFailed(error);
      this.#exited(null, null);
    });
    if (this.pid === 0) return;
    record.add(this.pid, spec);
    if (spec.socket !== null) this.#say({ t: 'listen', seq: 1, query: socketQuery(spec.socket) });
    this.#meter.start();
    this.#readiness.start();
  }

  get connected(): boolean {
    return !this.#ended;
  }

  /** Its pid may be that of another process by now. */
  get #isRunning(): boolean {
    return this.pid !== 0 && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  control(message: ToWorker): void {
    if (message.t === 'drain') this.#say({ t: 'draining', quiet: true, handler: 'SIGTERM', blockers: NOTHING_OPEN });
    else if (message.t === 'leave') this.#leave();
    else if (message.t === 'profile') this.#say({ t: 'profiled', path: '', bytes: 0, error: 'it is not a Node.js program' });
    else if (message.t === 'app-metrics') this.#say({ t: 'app-metrics', id: message.id, text: null });
  }

  controlWithHandle(_message: ToWorker, _handle: object, sent: SentHandle): void {
    setImmediate(() => sent.lost());
  }

  message(_message: unknown, sent: () => void): void {
    sent();
  }

  signal(signal: NodeJS.Signals): void {
    this.#signal = signal;
    if (!this.#isRunning) return;
    if (this.#command.spec.treekill) signalCommand(this.pid, signal);
    else this.#child.kill(signal);
  }

  kill(): void {
    if (this.#isRunning) killCommand(this.pid);
  }

  /** Its answers come in a later turn, as those of a process would. */
  #say(message: Unmarked<FromWorker>): void {
    setImmediate(() => {
      if (!this.#ended) this.#events.control({ cmd: MARK, ...message }, undefined);
    });
  }

  /** It has been asked. Whoever of its group is left when most of the time is over is asked too. */
  #leave(): void {
    this.#readiness.stop();
    if (!this.#command.spec.treekill) return;
    this.#groupTimer ??= setTimeout(() => signalGroup(this.pid, this.#signal), askAfter(this.#command.spec.killTimeoutMs)).unref();
  }

  #exited(code: number | null, signal: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#groupTimer !== null) clearTimeout(this.#groupTimer);
    this.#meter.stop();
    this.#readiness.stop();
    this.#command.record.remove(this.pid);
    this.#events.exit(code, signal);
  }
}
