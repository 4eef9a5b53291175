import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { definedHeapLimit } from '../../lifecycle/heap-limit.ts';
import { isFixedListener, isOwnListener } from '../../lifecycle/fixed-listener.ts';
import { moveWorker } from '../../lifecycle/move-worker.ts';
import { isLeaving, type WorkerState } from '../../lifecycle/states.ts';
import { isConnection } from '../../protocol/parse-from-worker.ts';
import type { FromWorker, ListenQuery, SocketName } from '../../protocol/worker.ts';
import { now, wallNow } from '../../system/clock.ts';
import type { AppCounters } from './app-counters.ts';
import type { AppObserver, Notify } from './app-observer.ts';
import { Descendants, type LeftBehind } from './descendants.ts';
import { HandOff } from './hand-off.ts';
import { InspectorPaths } from './inspector.ts';
import { pipesClosed } from './pipes-closed.ts';
import { SelfDescription } from './self-description.ts';
import { Tallies } from './tallies.ts';
import { WorkerChannel } from './worker-channel.ts';
import { WorkerEnd } from './worker-end.ts';
import { WorkerMeter } from './worker-meter.ts';
import type { WorkerProcess, WorkerProcessEvents } from './worker-process.ts';
import { WorkerProfile } from './worker-profile.ts';

/** When a worker crashes or exits, its process ends within this time after its channel. */
const DISCONNECTED_GRACE_MS = 1_000;

interface WorkerOptions {
  readonly id: number;
  readonly slot: number;
  readonly generation: number;
  readonly spec: AppSpec;
  /** The worker that it is to replace. */
  readonly predecessor: WorkerHandle | null;
  readonly counters: AppCounters;
  readonly start: (events: WorkerProcessEvents) => WorkerProcess;
  readonly notify: Notify<WorkerHandle>;
}

/** A part of the primary that observes an app's workers. */
export type WorkerObserver = AppObserver<WorkerHandle>;

/** One worker, seen from the primary. The code inside the worker process is in `src/worker`. */
export class WorkerHandle {
  readonly id: number;
  readonly slot: number;
  readonly generation: number;
  /** The definition it was started with. */
  readonly spec: AppSpec;
  readonly channel: WorkerChannel;
  readonly handOff: HandOff;
  readonly meter: WorkerMeter;
  readonly profile = new WorkerProfile();
  readonly tallies = new Tallies((message) => this.channel.post(message));
  readonly self = new SelfDescription();
  readonly end = new WorkerEnd();
  readonly inspectorPaths = new InspectorPaths();
  readonly descendants: Descendants;
  /** Null before its exit. */
  leftBehind: LeftBehind | null = null;
  readonly startedAt = now();
  readonly startedWall = wallNow();
  /** Keys of the listeners that it serves. */
  readonly keys = new Set<string>();
  /** Those that its successor must serve too: at a fixed address, and opened while it started. */
  readonly promised = new Set<string>();
  /** It has tried to listen, where others can know of it. */
  asksToListen = false;
  /** It listened at some time, where others can know of it. */
  listened = false;
  /** Of its listeners, those that others cannot know of. */
  readonly #ownKeys = new Set<string>();
  predecessor: WorkerHandle | null;
  readyAt: number | null = null;
  /** Ready, but out of rotation until an all-at-once reload switches over. */
  standby = false;
  #state: WorkerState = 'starting';
  readonly #notify: Notify<WorkerHandle>;
  readonly #counters: AppCounters;

  constructor({ id, slot, generation, spec, predecessor, counters, start, notify }: WorkerOptions) {
    this.id = id;
    this.predecessor = predecessor;
    this.slot = slot;
    this.generation = generation;
    this.spec = spec;
    this.descendants = new Descendants(spec.treekill);
    this.#notify = notify;
    this.#counters = counters;
    this.meter = new WorkerMeter(counters, slot);
    this.channel = new WorkerChannel(start, {
      received: (message, handle) => this.#receive(message, handle),
      malformed: (problem) => notify('onBadMessage', this, `worker ${slot}`, problem),
      message: (message) => notify('onMessage', this, message),
      disconnect: () => this.#disconnected(),
      startFailed: (error) => this.end.explain('start', `it could not be started: ${error.message}`),
      exit: (code, signal) => this.#exited(code, signal),
    });
    this.handOff = new HandOff({
      slot,
      channel: this.channel,
      meter: this.meter,
      events: { free: () => notify('onFree', this), notTaken: (connection) => notify('onNotTaken', this, connection) },
    });
  }

  get pid(): number {
    return this.channel.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Monotonic time of its last sign of life, or of becoming ready if that was later. */
  get lastSignAt(): number {
    return Math.max(this.meter.lastSignAt, this.readyAt ?? 0, this.profile.lastSignAt);
  }

  get idle(): boolean {
    return this.meter.idle;
  }

  get inspectorPort(): number | null {
    return this.meter.last?.inspectorPort ?? null;
  }

  /** Whether it listens where others can know of it. */
  get listens(): boolean {
    return [...this.keys].some((key) => !this.#ownKeys.has(key));
  }

  get uptimeMs(): number {
    return now() - this.startedAt;
  }

  /** It listened, or said that it was ready. */
  get provedReady(): boolean {
    return this.listened || this.spec.waitReady;
  }

  /** Every state change goes through here. @throws LbError LB_ERR_STATE for an illegal transition. */
  move(to: WorkerState): void {
    const from = this.#state;
    this.#state = moveWorker(from, to, `worker ${this.slot} (pid ${this.pid})`);
    if (to === 'ready' && this.readyAt === null) this.readyAt = now();
    this.predecessor = null;
    this.#notify('onStateChanged', this, from);
  }

  /** Kills it, and unless `treekill` is off its descendants, except those that outlive it. */
  kill(): void {
    this.descendants.note(this.pid);
    if (this.spec.treekill) this.channel.kill();
    else this.channel.signal('SIGKILL');
  }

  answerListen(seq: number, query: ListenQuery, errno: number, name: SocketName | null): void {
    this.channel.post({ t: 'listening', seq, errno, name });
    if (errno !== 0) return;
    this.keys.add(query.key);
    if (isOwnListener(query, this.pid)) this.#ownKeys.add(query.key);
    else this.listened = true;
    const isStarting = this.#state === 'starting' || this.uptimeMs <= this.spec.listenTimeoutMs;
    if (isStarting && isFixedListener(query, this.pid)) this.promised.add(query.key);
    this.#notify('onListenersChanged', this);
  }

  #receive(message: FromWorker, handle: unknown): void {
    switch (message.t) {
      case 'listen':
        this.asksToListen ||= !isOwnListener(message.query, this.pid);
        return this.#notify('onListen', this, message.seq, message.query);
      case 'unlisten':
        this.keys.delete(message.key);
        this.#notify('onUnlisten', this, message.key);
        return this.#notify('onListenersChanged', this);
      case 'accepting':
        return this.#notify('onAccepting', this, message);
      case 'refused':
        if (isConnection(handle)) this.handOff.refused(message, handle);
        return;
      case 'heartbeat':
        this.meter.add(message.beat, now());
        this.handOff.counted(message.beat);
        return this.#notify('onBeat', this);
      case 'profiled':
        return this.profile.answered(message);
      case 'app-metrics':
        return this.#notify('onAppMetrics', this, message.id, message.text);
      case 'tally':
        return this.tallies.answered(message.id, message.tally);
      case 'open':
        return this.handOff.counted(message.count);
      case 'malformed':
        return this.#notify('onBadMessage', this, `the primary to worker ${this.slot}`, { path: message.field, message: message.problem });
      case 'draining':
        this.self.drains(message);
        return this.#notify('onDrainChanged', this);
    }
  }

  /**
   * Usually the exit follows immediately. Otherwise the worker drains on its own, as if its primary were gone, and its slot
   * needs a new worker.
   */
  #disconnected(): void {
    this.#notify('onListenersChanged', this);
    setTimeout(() => {
      if (!isLeaving(this.#state)) this.move('draining');
    }, DISCONNECTED_GRACE_MS).unref();
  }

  #exited(code: number | null, signal: string | null): void {
    const { state: stateBefore, uptimeMs, slot, generation, pid } = this;
    const heapLimitBytes = definedHeapLimit(this.spec) ?? this.meter.last?.use.heapLimitBytes ?? null;
    const exit = { code, signal, at: now(), cwd: this.spec.cwd, heapLimitBytes };
    this.move('exited');
    this.#counters.left(slot, this.meter.recent, exit.at);
    this.#notify('onExit', this, code, signal);
    this.profile.workerEnded();
    void Promise.all([this.descendants.end(), pipesClosed([this.channel.stdout, this.channel.stderr])]).then(([left]) => {
      this.leftBehind = left;
      this.#notify('onClose', this, { slot, generation, pid, at: wallNow(), code, signal, stateBefore, uptimeMs, ...this.end.facts(exit) });
    });
  }
}
