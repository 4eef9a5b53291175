import { EventEmitter } from 'node:events';
import { vi } from 'vitest';
import type { ErrorRecord } from '../../src/errors/lb-error.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import type { Answer, FromPrimary, Order, PrimarySettings, ToPrimary } from '../../src/protocol/attach.ts';
import type { ProgressRecord } from '../../src/protocol/control.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import type { ListenQuery } from '../../src/protocol/worker.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { FakeWorker, KEY, WELL_BEHAVED, type Behaviour } from './fake-workers.ts';

/**
 * A whole primary in this process under a virtual clock. Replaced are its edges only: the fork, the kill, the listening
 * sockets, the connection to the daemon and what reads `/proc`.
 */
interface World {
  fork(spec: AppSpec, slot: number): FakeWorker;
  kill(pid: number): void;
  link: { received(message: ToPrimary): void; lost(): void };
  sent(message: FromPrimary): void;
  closed: boolean;
  closingFails: boolean;
  accept: (key: string, connection: object) => void;
  memoryBytes: Map<number, number>;
  listening: Set<string>;
}

const world = vi.hoisted(() => ({ current: null as unknown }));
const here = (): World => world.current as World;

vi.mock('../../src/primary/workers/cluster.ts', () => ({
  forkWorker: (spec: AppSpec, slot: number) => Object.assign(new EventEmitter(), { process: here().fork(spec, slot) }),
}));
vi.mock('../../src/system/processes.ts', () => ({ startTimeOf: () => 1, killTree: (pid: number) => here().kill(pid) }));
vi.mock('../../src/system/usage.ts', () => ({
  UsageSampler: class {
    sample(pids: readonly number[]): Promise<Map<number, object>> {
      const known = pids.filter((pid) => here().memoryBytes.has(pid));
      return Promise.resolve(new Map(known.map((pid) => [pid, { cpuMs: 1, memoryBytes: here().memoryBytes.get(pid) }])));
    }
    forget(): void {}
  },
}));
vi.mock('../../src/primary/door/spawn-channel.ts', () => ({
  SpawnChannel: class {
    open = true;
    receive = () => Promise.resolve();
    keep(): void {}
    drop = () => Promise.resolve();
    borrow(): void {}
  },
}));
vi.mock('../../src/primary/daemon-link.ts', () => ({
  DaemonLink: class {
    readonly busy = false;
    constructor(_: PrimarySettings, events: World['link']) {
      here().link = events;
    }
    dial(): void {}
    send(message: FromPrimary): void {
      here().sent(message);
    }
    close(): Promise<void> {
      here().closed = true;
      return Promise.resolve();
    }
  },
}));
vi.mock('../../src/primary/door/listeners.ts', () => ({
  Listeners: class {
    readonly #onClosed: (key: string) => void;
    constructor(options: { onConnection: World['accept']; onClosed: (key: string) => void }) {
      here().accept = options.onConnection;
      this.#onClosed = options.onClosed;
    }
    get all(): object[] {
      return [...here().listening].map((key) => ({ key, label: '*:3000' }));
    }
    get keptKeys(): string[] {
      return [...here().listening];
    }
    get expected(): boolean {
      return here().listening.size > 0;
    }
    listen(query: ListenQuery): Promise<object> {
      here().listening.add(query.key);
      return Promise.resolve({ errno: 0, listener: { key: query.key, name: null } });
    }
    closeAllBut(used: ReadonlySet<string>): void {
      if (here().closingFails) {
        here().closingFails = false;
        throw new Error('EISDIR');
      }
      for (const key of here().listening) {
        if (used.has(key)) continue;
        here().listening.delete(key);
        this.#onClosed(key);
      }
    }
    pause(): void {}
    resume(): void {}
    narrow(): void {}
  },
}));

const { Primary } = await import('../../src/primary/primary.ts');

/** What became of an order. */
export interface Ordered {
  readonly progress: ProgressRecord[];
  answer: Answer | null;
  error: ErrorRecord | null;
  /** More than one answer came, or progress after it. */
  disorder: boolean;
}

export class FakeConnection {
  closed = false;
  close(): void {
    this.closed = true;
  }
}

type Behave = (fork: { readonly slot: number; readonly spec: AppSpec; readonly n: number }) => Partial<Behaviour>;

export class PrimaryHarness {
  readonly workers: FakeWorker[] = [];
  readonly messages: FromPrimary[] = [];
  finished = 0;
  behave: Behave;
  readonly #orders = new Map<number, Ordered>();
  readonly #world: World;

  constructor(behave: Behave = () => ({})) {
    this.behave = behave;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance', 'Date'] });
    this.#world = world.current = {
      fork: (spec, slot) => this.#fork(spec, slot),
      kill: (pid) => this.workers.find((worker) => worker.pid === pid)?.end(null, 'SIGKILL'),
      sent: (message) => this.#sent(message),
      link: { received: () => {}, lost: () => {} },
      closed: false,
      closingFails: false,
      accept: () => {},
      memoryBytes: new Map(),
      listening: new Set(),
    } satisfies World;
    const settings: PrimarySettings = {
      app: 'api',
      home: '/h',
      socket: '/h/lb.sock',
      daemonLog: '/h/daemon.log',
      daemonNode: 'node',
      daemonProgram: '/lb.js',
      preload: '/p.cjs',
      version: '1.2.3',
      foreground: false,
      sockets: 0,
    };
    void new Primary(settings, () => void this.finished++).start();
  }

  /** A primary whose app is online. */
  static async online(changes: Partial<AppSpec> = {}, behave?: Behave): Promise<PrimaryHarness> {
    const harness = new PrimaryHarness(behave);
    const start = harness.start(changes);
    await harness.advance(1_000);
    if (start.answer === null) throw new Error(`it did not start: ${start.error?.message ?? 'no answer'}`);
    return harness;
  }

  get memoryBytes(): Map<number, number> {
    return this.#world.memoryBytes;
  }

  /** The next time that listeners are closed. */
  set closingFails(fails: boolean) {
    this.#world.closingFails = fails;
  }

  get alive(): FakeWorker[] {
    return this.workers.filter((worker) => worker.alive);
  }

  /** Pids by slot of the workers that are not on their way out. */
  get pids(): Record<number, number> {
    return Object.fromEntries(this.alive.filter((worker) => !worker.leaving).map((worker) => [worker.slot, worker.pid]));
  }

  get events(): string[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [`${message.event.kind}: ${message.event.message}`] : []));
  }

  order(order: Order): Ordered {
    const id = this.#orders.size + 1;
    const ordered: Ordered = { progress: [], answer: null, error: null, disorder: false };
    this.#orders.set(id, ordered);
    this.#world.link.received({ type: 'order', id, order });
    return ordered;
  }

  start(changes: Partial<AppSpec> = {}, strict = true): Ordered {
    return this.order({ kind: 'start', spec: sampleSpec(changes), strict, generation: 1 });
  }

  async advance(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  accept(): FakeConnection {
    const connection = new FakeConnection();
    this.#world.accept(KEY, connection);
    return connection;
  }

  /** The worker that has taken a connection. */
  takerOf(connection: FakeConnection): FakeWorker | undefined {
    return this.workers.find((worker) => worker.connections.includes(connection));
  }

  async snapshot(): Promise<AppSnapshot> {
    const { answer } = await this.#now({ kind: 'snapshot' });
    if (answer?.kind !== 'snapshot') throw new Error('no snapshot');
    return answer.snapshot;
  }

  async #now(order: Order): Promise<Ordered> {
    const ordered = this.order(order);
    await this.advance(0);
    return ordered;
  }

  #fork(spec: AppSpec, slot: number): FakeWorker {
    const n = this.workers.length;
    const worker = new FakeWorker(1_000_000_000 + n, slot, spec, { ...WELL_BEHAVED, ...this.behave({ slot, spec, n }) });
    this.workers.push(worker);
    return worker;
  }

  #sent(message: FromPrimary): void {
    this.messages.push(message);
    if (!('id' in message)) return;
    const ordered = this.#orders.get(message.id);
    if (ordered === undefined) throw new Error(`an answer to order ${message.id}, which nobody gave`);
    if (ordered.answer !== null || ordered.error !== null) ordered.disorder = true;
    if (message.type === 'progress') ordered.progress.push(message.record);
    else if (message.type === 'answer') ordered.answer = message.answer;
    else if (message.type === 'failed') ordered.error = message.error;
  }
}
