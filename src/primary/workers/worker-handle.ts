import type { Readable } from 'node:stream';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { AskedBy } from '../../lifecycle/exit-report.ts';
import { isLeaving, moveWorker, type WorkerState } from '../../lifecycle/states.ts';
import type { ShutdownHandler } from '../../lifecycle/stop-ladder.ts';
import type { DrainBlockers } from '../../protocol/snapshot.ts';
import { MARK, type FromWorker, type OpenCount, type SocketName, type ToWorker } from '../../protocol/worker.ts';
import { now, wallNow } from '../../system/clock.ts';
import { startTimeOf } from '../../system/processes.ts';
import type { RawConnection, RawListener } from '../door/raw-handles.ts';
import type { PendingConnection, Target, Untaken } from '../door/seat.ts';
import type { AppCounters } from './app-counters.ts';
import type { ClusterWorker } from './cluster.ts';
import { HandleLedger, type ProbeOutcome, type SentHandle } from './handle-ledger.ts';
import { OpenEstimate } from './open-estimate.ts';
import { pipesClosed } from './pipes-closed.ts';
import type { WorkerEvents } from './worker-events.ts';
import { WorkerMeter } from './worker-meter.ts';
import { WorkerProfile } from './worker-profile.ts';

const STDERR_LINES = 40;
/** Time between a worker's channel and its process ending, when it crashes or exits. */
const DISCONNECTED_GRACE_MS = 1_000;

type Body<M> = M extends unknown ? Omit<M, 'cmd'> : never;
type Refused = Extract<FromWorker, { readonly t: 'refused' }>;

interface WorkerIdentity {
  readonly id: number;
  readonly slot: number;
  readonly generation: number;
  readonly spec: AppSpec;
  readonly counters: AppCounters;
}

/** One worker, as its primary sees it. The program that runs in it is `src/worker`. */
export class WorkerHandle implements Target {
  readonly id: number;
  readonly slot: number;
  readonly generation: number;
  /** The definition it was started with. */
  readonly spec: AppSpec;
  readonly pid: number;
  readonly startTime: number | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly startedAt = now();
  readonly startedWall = wallNow();
  readyAt: number | null = null;
  /** Since when it is in the rotation after a replacement or an ejection; null at the app's first start. */
  rampsSince: number | null = null;
  /** What it says it weighs; null leaves it to the configuration. */
  ownWeight: number | null = null;
  /** Why it asked for no new connections; null when it did not. */
  withdrawn: string | null = null;
  pending: PendingConnection | null = null;
  /** Listeners it serves. */
  readonly keys = new Set<string>();
  /** Listeners for which it refused a connection lately. */
  readonly full = new Set<string>();
  readonly meter: WorkerMeter;
  readonly profile = new WorkerProfile();
  readonly lastStderr: string[] = [];
  blockers: DrainBlockers | null = null;
  askedBy: AskedBy = null;
  killedAtDeadline = false;
  /** What is known about its end; see `ExitReport`. */
  cause: string | null = null;
  stack: readonly string[] = [];
  quiet = false;
  /** Ready, but waits for the switch of a reload that is all at once. */
  held = false;
  handler: ShutdownHandler = null;
  #state: WorkerState = 'starting';
  readonly #process: ClusterWorker['process'];
  readonly #events: WorkerEvents;
  readonly #handles: HandleLedger;
  #counts = false;
  /** The last connection of the primary's own; one at a time. */
  #probe: ProbeOutcome | null = null;
  readonly #open = new OpenEstimate();

  constructor({ id, slot, generation, spec, counters }: WorkerIdentity, worker: ClusterWorker, events: WorkerEvents) {
    this.id = id;
    this.slot = slot;
    this.generation = generation;
    this.spec = spec;
    this.meter = new WorkerMeter(counters, slot, spec.balance === 'direct');
    this.#process = worker.process;
    this.#events = events;
    this.#handles = new HandleLedger(worker.process as never);
    this.pid = worker.process.pid ?? 0;
    this.startTime = startTimeOf(this.pid);
    this.stdout = worker.process.stdout ?? null;
    this.stderr = worker.process.stderr ?? null;
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

  get connections(): number {
    return this.#open.value;
  }

  /** Monotonic time of its last sign of life, or when it became ready. */
  get lastSignAt(): number {
    return Math.max(this.meter.lastSignAt, this.readyAt ?? 0, this.profile.lastSignAt);
  }

  get idle(): boolean {
    return this.meter.idle;
  }

  get inspectorPort(): number | null {
    return this.meter.last?.inspectorPort ?? null;
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
    const { key, peer, connection } = pending;
    this.#deliver({ t: 'conn', key, ...(peer === null ? {} : { peer }) }, connection, {
      taken: () => {
        this.pending = null;
        connection.close();
        this.meter.took(now() - pending.acceptedAt, now());
        this.#events.free(this);
      },
      lost: () => {
        this.pending = null;
        this.meter.lost++;
        this.#notTaken(pending);
      },
    });
  }

  /** A connection of the primary's own, to see whether it is served. */
  probe(key: string, connection: RawConnection, sent: ProbeOutcome): void {
    this.#probe = sent;
    this.#deliver({ t: 'conn', key, probe: true }, connection, sent);
  }

  /** From now on its count of open connections is right within milliseconds, or only with each heartbeat. */
  countConnections(on: boolean): void {
    if (on === this.#counts) return;
    this.#counts = on;
    this.post({ t: 'count', on });
  }

  /** `direct`: gives it a listening socket to accept from by itself. */
  lend(key: string, index: number, socket: RawListener, lost: () => void): void {
    this.#handles.send({ cmd: MARK, t: 'socket', key, index, on: true }, socket, { taken: () => {}, lost });
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
    if (cmd === 'NODE_HANDLE_ACK') return this.#handles.acknowledged();
    // Out of file descriptors: not taken.
    if (cmd === 'NODE_HANDLE_NACK') return this.#handles.refused();
    if (cmd !== MARK) return;
    const message = raw as FromWorker;
    switch (message.t) {
      case 'listen':
        return this.#events.listen(this, message.seq, message.query);
      case 'unlisten':
        this.keys.delete(message.key);
        return this.#events.routesChanged(this);
      case 'released':
        return this.#events.released(this, message.key, message.index);
      case 'refused':
        return this.#refused(message, handle as RawConnection);
      case 'heartbeat':
        this.meter.add(message.beat, now());
        this.#count(message.beat);
        return this.#events.beat(this);
      case 'profiled':
        return this.profile.answered(message);
      case 'app-metrics':
        return this.#events.metrics(this, message.id, message.text);
      case 'open':
        return this.#count(message.count);
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

  #deliver(message: Body<Extract<ToWorker, { readonly t: 'conn' }>>, connection: RawConnection, sent: SentHandle): void {
    this.#open.handed();
    const lost = (): void => {
      this.#open.lost();
      sent.lost();
    };
    this.#handles.send({ cmd: MARK, ...message }, connection, { taken: () => sent.taken(), lost });
  }

  /** It took the connection and gives it back: the server is closed, or has as many as its own `maxConnections` allows. */
  #refused({ key, peer, probe }: Refused, connection: RawConnection): void {
    if (probe === true) {
      connection.close();
      return this.#probe?.refused();
    }
    this.#notTaken({ key, connection, peer: peer ?? null });
  }

  #count(count: OpenCount): void {
    if (this.#open.counted(count)) this.#events.free(this);
  }

  /** The connection goes to another worker; this one is asked again later, if it lives. */
  #notTaken(connection: Untaken): void {
    this.meter.refuse();
    this.full.add(connection.key);
    this.#events.notTaken(this, connection);
    this.#events.free(this);
  }

  #exited(code: number | null, signal: string | null): void {
    const { state: stateBefore, uptimeMs } = this;
    this.move('exited');
    this.#events.exited(this, code, signal);
    this.#handles.abandon();
    this.profile.workerEnded();
    void pipesClosed([this.stdout, this.stderr]).then(() => {
      const { slot, generation, pid, askedBy, killedAtDeadline, cause, stack, lastStderr } = this;
      this.#events.gone(this, {
        slot,
        generation,
        pid,
        at: wallNow(),
        code,
        signal,
        askedBy,
        stateBefore,
        uptimeMs,
        killedAtDeadline,
        cause,
        stack,
        lastStderr: [...lastStderr],
      });
    });
  }
}
