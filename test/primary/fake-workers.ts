import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import { NO_TALLY, type Tally } from '../../src/lifecycle/canary.ts';
import { emptyBuckets } from '../../src/metrics/latency.ts';
import type { ProfileRequest } from '../../src/protocol/profile.ts';
import { MARK, type Heartbeat, type ToWorker } from '../../src/protocol/worker.ts';

/** The behaviour of a fake worker. Times count from its start or from the order. */
export interface Behaviour {
  /** When it listens; null: never. */
  readonly bootMs: number | null;
  /** Other ports on which it listens, and when. */
  readonly ports: Readonly<Record<number, number>>;
  /** When it exits on its own, and with which code. */
  readonly crashAfterMs: number | null;
  readonly code: number;
  /** Time from the drain order until it is quiet; null: it stays busy. */
  readonly drainMs: number | null;
  /** Time from the order to leave until it exits; null: it ignores the order. */
  readonly leaveMs: number | null;
  /** Time until a connection is acknowledged. */
  readonly ackMs: number;
  readonly handler: 'SIGTERM' | 'SIGINT' | null;
  /** Whether a grandchild process keeps the output open after the worker has exited. */
  readonly stdout: Readable | null;
}

export const WELL_BEHAVED: Behaviour = { bootMs: 100, ports: {}, crashAfterMs: null, code: 1, drainMs: 20, leaveMs: 5, ackMs: 0, handler: null, stdout: null };

const MAIN_PORT = 3000;

const keyOf = (port: number): string => `*|${port}|4|0`;

/** The heartbeat of a worker without any traffic. */
export const heartbeat = (changes: Partial<Heartbeat>): Heartbeat => ({
  span: { ms: 1_000, cpuMs: 0 },
  connections: 0,
  delivered: 0,
  accepted: 0,
  requestsInFlight: 0,
  kept: 0,
  requests: 0,
  statusClasses: [0, 0, 0, 0, 0],
  latency: emptyBuckets(),
  latencySumMs: 0,
  bytesReceived: 0,
  bytesSent: 0,
  loopDelay: null,
  use: { cpuMs: 0, rssBytes: 0, heapUsedBytes: 0, heapLimitBytes: 0, gcCount: 0, gcMs: 0, handles: 0 },
  eventLoopUtilization: 0,
  eventLoopDelayMs: 0,
  inspectorPort: null,
  ownSigusr1: false,
  ...changes,
});

/** Replaces the child process that `cluster` would create. Its behaviour takes the place of the program. */
export class FakeWorker extends EventEmitter {
  readonly pid: number;
  readonly slot: number;
  readonly spec: AppSpec;
  readonly stdout: Readable | null;
  readonly stderr = null;
  connected = true;
  /** Whether messages to it get through. */
  reads = true;
  alive = true;
  leaving = false;
  /** Whether it has reported that it listens. */
  listens = false;
  readonly signals: string[] = [];
  readonly said: unknown[] = [];
  readonly connections: object[] = [];
  readonly profiles: ProfileRequest[] = [];
  /** What became of its requests. */
  tally: Tally = NO_TALLY;
  answersTally = true;
  /** Whether the next primary waits for its end, as often as it was told. */
  readonly awaited: boolean[] = [];
  /** The counts of all `rebalance` orders, in order. */
  readonly rebalances: number[] = [];
  readonly #behaviour: Behaviour;

  constructor(pid: number, slot: number, spec: AppSpec, behaviour: Behaviour) {
    super();
    this.pid = pid;
    this.slot = slot;
    this.spec = spec;
    this.#behaviour = behaviour;
    this.stdout = behaviour.stdout;
    const { bootMs, ports, crashAfterMs, code } = behaviour;
    if (bootMs !== null) setTimeout(() => this.listen(MAIN_PORT), bootMs);
    for (const [port, afterMs] of Object.entries(ports)) setTimeout(() => this.listen(Number(port)), afterMs);
    if (crashAfterMs !== null) setTimeout(() => this.end(code, null), crashAfterMs);
  }

  send(message: ToWorker | string, ...rest: readonly unknown[]): boolean {
    const done = rest.find((one): one is (error: Error | null) => void => typeof one === 'function');
    if (!this.connected) {
      const error = new Error('channel closed');
      process.nextTick(() => (done === undefined ? this.emit('error', error) : done(error)));
      return false;
    }
    if (this.reads) process.nextTick(() => done?.(null));
    if (typeof message === 'object' && message.cmd === MARK) this.#receive(message, rest[0]);
    else this.said.push(message);
    return true;
  }

  kill(signal: string): void {
    this.signals.push(signal);
    const { handler, leaveMs } = this.#behaviour;
    if (handler === signal && leaveMs !== null) setTimeout(() => this.end(0, null), leaveMs);
  }

  end(code: number | null, signal: string | null): void {
    if (!this.alive) return;
    this.alive = false;
    this.connected = false;
    this.emit('exit', code, signal);
  }

  beat(changes: Partial<Heartbeat>): void {
    this.tell({ t: 'heartbeat', beat: heartbeat(changes) });
  }

  unlisten(port: number): void {
    this.tell({ t: 'unlisten', key: keyOf(port) });
  }

  tell(message: object, handle?: object): void {
    if (this.alive) this.emit('internalMessage', { cmd: MARK, ...message }, handle);
  }

  listen(port: number): void {
    this.listens = this.alive;
    this.tell({
      t: 'listen',
      seq: 1,
      query: { key: keyOf(port), address: null, port, addressType: 4, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'http' },
    });
  }

  #receive(message: ToWorker, handle: unknown): void {
    if (message.t === 'conn') {
      setTimeout(() => {
        if (!this.alive) return;
        this.connections.push(handle as object);
        this.emit('internalMessage', { cmd: 'NODE_HANDLE_ACK' });
      }, this.#behaviour.ackMs);
    } else if (message.t === 'drain') {
      this.leaving = true;
      const blockers = { requests: 1, oldestMs: 3_000, connections: 1, websockets: 0, sockets: 0 };
      const { drainMs, handler } = this.#behaviour;
      this.tell({ t: 'draining', quiet: false, handler, blockers });
      if (drainMs !== null)
        setTimeout(() => this.tell({ t: 'draining', quiet: true, handler, blockers: { ...blockers, requests: 0, connections: 0 } }), drainMs);
    } else if (message.t === 'awaited') {
      this.awaited.push(message.on);
    } else if (message.t === 'socket') {
      const { key, on } = message;
      this.tell({ t: 'accepting', key, on });
    } else if (message.t === 'tally') {
      if (this.answersTally) this.tell({ t: 'tally', id: message.id, tally: this.tally });
    } else if (message.t === 'rebalance') {
      this.rebalances.push(message.count);
    } else if (message.t === 'profile') {
      this.profiles.push(message.request);
    } else if (message.t === 'leave') {
      this.leaving = true;
      const { leaveMs } = this.#behaviour;
      if (message.exit && leaveMs !== null) setTimeout(() => this.end(0, null), leaveMs);
    }
  }
}
