import type { Readable } from 'node:stream';
import { isLeaving, moveWorker, type WorkerState } from '../lifecycle/states.ts';
import type { AskedBy, ExitReport } from '../lifecycle/exit-report.ts';
import type { ShutdownHandler } from '../lifecycle/stop-ladder.ts';
import type { DrainBlockers } from '../protocol/snapshot.ts';
import { MARK, type FromWorker, type Heartbeat, type ListenQuery, type SocketName, type ToWorker } from '../protocol/worker.ts';
import { now, wallNow } from '../system/clock.ts';
import { startTimeOf } from '../system/processes.ts';
import type { ClusterWorker } from './cluster.ts';
import type { PendingConnection, Target } from './dispatcher.ts';
import type { RawConnection } from './raw-handles.ts';
import { WorkerMeter } from './worker-meter.ts';

const STDERR_LINES = 40;
/** A grandchild may hold the pipes open; the report does not wait for it longer than this. */
const PIPES_GRACE_MS = 250;
/** Time between a worker's channel and its process ending, when it crashes or exits. */
const DISCONNECTED_GRACE_MS = 1_000;

type Body<M> = M extends unknown ? Omit<M, 'cmd'> : never;

/** What a worker tells its surroundings. */
export interface WorkerEvents {
  stateChanged(worker: WorkerHandle, from: WorkerState): void;
  /** It wants to listen; answer with `answerListen`. */
  listen(worker: WorkerHandle, seq: number, query: ListenQuery): void;
  /** The listeners it serves changed. */
  routesChanged(worker: WorkerHandle): void;
  /** It took its connection and can have another. */
  free(worker: WorkerHandle): void;
  notTaken(worker: WorkerHandle, pending: PendingConnection): void;
  said(worker: WorkerHandle, message: unknown): void;
  /** The process is gone; its last output may still be on the way. */
  exited(worker: WorkerHandle, code: number | null): void;
  /** Everything about its end is known. */
  gone(worker: WorkerHandle, report: ExitReport): void;
  drainChanged(worker: WorkerHandle): void;
}

/** One worker, as its primary sees it. The program that runs in it is `src/worker`. */
export class WorkerHandle implements Target {
  readonly id: number;
  readonly slot: number;
  readonly generation: number;
  readonly pid: number;
  readonly startTime: number | null;
  readonly startedAt = now();
  readonly startedWall = wallNow();
  readyAt: number | null = null;
  pending: PendingConnection | null = null;
  /** Listeners it serves. */
  readonly keys = new Set<string>();
  /** Listeners for which it refused a connection lately. */
  readonly full = new Set<string>();
  readonly meter = new WorkerMeter();
  readonly lastStderr: string[] = [];
  blockers: DrainBlockers | null = null;
  askedBy: AskedBy = null;
  killedAtDeadline = false;
  quiet = false;
  /** Ready, but waits for the switch of a reload that is all at once. */
  held = false;
  handler: ShutdownHandler = null;
  #state: WorkerState = 'starting';
  readonly #process: ClusterWorker['process'];
  readonly #events: WorkerEvents;

  constructor(id: number, slot: number, generation: number, worker: ClusterWorker, events: WorkerEvents) {
    this.id = id;
    this.slot = slot;
    this.generation = generation;
    this.#process = worker.process;
    this.#events = events;
    this.pid = worker.process.pid ?? 0;
    this.startTime = startTimeOf(this.pid);
    worker.process.on('internalMessage', (message: unknown, handle: unknown) => this.#receive(message, handle));
    worker.process.on('message', (message) => events.said(this, message));
    worker.process.on('error', (error) => this.#failed(error));
    // Node repeats the error on the worker object, where nobody listening would end the primary.
    worker.on('error', () => {});
    // Its channel can close long before it ends: the app called process.disconnect(), or it finishes its requests as an orphan.
    worker.process.once('disconnect', () => this.#disconnected());
    worker.process.once('exit', (code, signal) => this.#exited(code, signal));
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Connections can be handed to it. */
  get connected(): boolean {
    return this.#process.connected;
  }

  get stdout(): Readable | null {
    return this.#process.stdout ?? null;
  }

  get stderr(): Readable | null {
    return this.#process.stderr ?? null;
  }

  get uptimeMs(): number {
    return now() - this.startedAt;
  }

  /** The only way its state changes. */
  move(to: WorkerState): void {
    const from = this.#state;
    this.#state = moveWorker(from, to, `worker ${this.slot} (pid ${this.pid})`);
    if (to === 'ready' && this.readyAt === null) this.readyAt = now();
    this.#events.stateChanged(this, from);
  }

  hand(pending: PendingConnection): void {
    this.#process.send({ cmd: MARK, t: 'conn', key: pending.key }, pending.connection as never, (error) => {
      if (error !== null && this.pending === pending) this.#giveBack();
    });
  }

  answerListen(seq: number, key: string, errno: number, name: SocketName | null): void {
    if (errno === 0) this.keys.add(key);
    this.post({ t: 'listening', seq, errno, name });
    if (errno === 0) this.#events.routesChanged(this);
  }

  post(message: Body<ToWorker>): void {
    if (this.#process.connected) this.#process.send({ cmd: MARK, ...message });
  }

  /** A message for the app itself. */
  say(message: string): void {
    if (this.#process.connected) this.#process.send(message);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  rememberStderr(line: string): void {
    this.lastStderr.push(line);
    if (this.lastStderr.length > STDERR_LINES) this.lastStderr.shift();
  }

  #receive(raw: unknown, handle: unknown): void {
    const cmd = (raw as { cmd?: unknown } | null)?.cmd;
    if (cmd === 'NODE_HANDLE_ACK') {
      this.pending?.connection.close();
      this.pending = null;
      this.#events.free(this);
      return;
    }
    // Out of file descriptors: not taken.
    if (cmd === 'NODE_HANDLE_NACK') return this.#giveBack();
    if (cmd !== MARK) return;
    const message = raw as FromWorker;
    switch (message.t) {
      case 'listen':
        return this.#events.listen(this, message.seq, message.query);
      case 'unlisten':
        this.keys.delete(message.key);
        return this.#events.routesChanged(this);
      case 'refused':
        this.full.add(message.key);
        return this.#events.notTaken(this, { key: message.key, connection: handle as RawConnection });
      case 'heartbeat':
        return this.#beat(message.beat);
      case 'draining':
        this.blockers = message.blockers;
        this.quiet = message.quiet;
        this.handler = message.handler;
        return this.#events.drainChanged(this);
    }
  }

  /**
   * Mostly its exit follows at once. If it does not, it drains by itself, as it does without a primary, and its slot
   * needs another worker.
   */
  #disconnected(): void {
    this.#events.routesChanged(this);
    setTimeout(() => {
      if (!isLeaving(this.#state)) this.move('draining');
    }, DISCONNECTED_GRACE_MS).unref();
  }

  /** A send that met the worker's death is repaired by the exit that follows; a process that could not be started has no exit event. */
  #failed(error: Error): void {
    if (this.pid !== 0 || this.#state === 'exited') return;
    this.rememberStderr(`the worker could not be started: ${error.message}`);
    this.#exited(null, null);
  }

  #beat(beat: Heartbeat): void {
    this.meter.add(beat, now());
  }

  /** The connection it has not taken goes to another worker; it is asked again later, if it lives. */
  #giveBack(): void {
    const { pending } = this;
    this.pending = null;
    if (pending === null) return;
    this.full.add(pending.key);
    this.#events.notTaken(this, pending);
    this.#events.free(this);
  }

  #exited(code: number | null, signal: string | null): void {
    const stateBefore = this.#state;
    const uptimeMs = this.uptimeMs;
    this.move('exited');
    this.#events.exited(this, code);
    this.#giveBack();
    void pipesClosed([this.stdout, this.stderr]).then(() => {
      const { slot, generation, pid, askedBy, killedAtDeadline, lastStderr } = this;
      this.#events.gone(this, {
        slot, generation, pid, at: wallNow(), code, signal, askedBy, stateBefore, uptimeMs, killedAtDeadline, lastStderr: [...lastStderr],
      });
    });
  }
}

async function pipesClosed(pipes: readonly (Readable | null)[]): Promise<void> {
  const closed = pipes.map((pipe) => (pipe === null || pipe.closed ? null : new Promise((resolve) => pipe.once('close', resolve))));
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, PIPES_GRACE_MS);
  });
  await Promise.race([Promise.all(closed), grace]);
  clearTimeout(timer);
}
