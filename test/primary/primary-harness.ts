import type { ChildProcess } from 'node:child_process';
import { vi } from 'vitest';
import type { ErrorRecord } from '../../src/errors/lb-error.ts';
import type { AppSpec } from '../../src/lifecycle/app-spec.ts';
import type { ScriptFile } from '../../src/lifecycle/generations.ts';
import type { Answer, FromPrimary, Order, PrimarySettings, ToPrimary } from '../../src/protocol/attach.ts';
import type { ProgressRecord } from '../../src/protocol/control.ts';
import type { AppSnapshot } from '../../src/protocol/snapshot.ts';
import type { LinkEvents } from '../../src/primary/daemon-link.ts';
import type { RawListener } from '../../src/primary/handles/raw-handles.ts';
import { Primary, type PrimaryPorts } from '../../src/primary/primary.ts';
import { IpcProcess } from '../../src/primary/workers/ipc-process.ts';
import type { OpenByItself } from '../../src/system/unfed-sockets.ts';
import type { ProcessUsage } from '../../src/system/tree-usage.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { FakeWorker, WELL_BEHAVED, type Behaviour } from './fake-workers.ts';

// Fake timers leave the promise timers of Node alone.
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) }));

/**
 * A whole primary in this process under a virtual clock. Its ports are fakes: workers, listening sockets, the daemon, and
 * what reads the usage of processes.
 */

class FakeListener implements RawListener {
  readonly #port: number;
  onconnection?: RawListener['onconnection'];
  closingFails = false;

  constructor(port: number) {
    this.#port = port;
  }

  listen(): number {
    return 0;
  }

  close(): void {
    if (!this.closingFails) return;
    this.closingFails = false;
    throw new Error('EISDIR');
  }

  getsockname(out: object): number {
    Object.assign(out, { address: '0.0.0.0', family: 'IPv4', port: this.#port });
    return 0;
  }
}

/** The outcome of an order. */
export interface Ordered {
  readonly progress: ProgressRecord[];
  answer: Answer | null;
  error: ErrorRecord | null;
  /** Whether more than one answer came, or progress after the answer. */
  disorder: boolean;
}

export class FakeConnection {
  closed = false;
  readStart(): void {}
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
  readonly memoryBytes = new Map<number, number>();
  memoryLeftBytes: number | null = null;
  somaxconn: number | null = 4_096;
  /** Why no worker could be started. */
  startProblem: string | null = null;
  /** Tells the watch of files that one has changed. */
  changeFile: (path: string) => void = () => {};
  /** How long a killed worker takes to be gone. */
  killMs = 0;
  /** What workers opened by themselves. */
  readonly sockets = new Map<number, OpenByItself['sockets']>();
  /** What is where a path leads. */
  files: (script: string, cwd: string) => ScriptFile | null = (script, cwd) => ({ script, cwd, inode: 1, bytes: 1, modifiedMs: 1 });
  /** On port 3000. */
  readonly #listener = new FakeListener(3000);
  #link: LinkEvents | null = null;

  constructor(behave: Behave = () => ({}), changes: Partial<PrimarySettings> = {}) {
    this.behave = behave;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance', 'Date'] });
    const settings: PrimarySettings = {
      name: 'api',
      home: '/h',
      daemonLog: '/h/daemon.log',
      daemonNode: 'node',
      program: '/program',
      version: '1.2.3',
      foreground: false,
      ...changes,
    };
    new Primary(settings, this.#ports(), () => void this.finished++).start();
  }

  /** A primary whose app is online. */
  static async online(
    changes: Partial<AppSpec> = {},
    behave?: Behave,
    settings?: Partial<PrimarySettings>,
    prepare: (harness: PrimaryHarness) => void = () => {},
  ): Promise<PrimaryHarness> {
    const harness = new PrimaryHarness(behave, settings);
    prepare(harness);
    const start = harness.start(changes);
    await harness.advance(1_000);
    if (start.answer === null) throw new Error(`it did not start: ${start.error?.message ?? 'no answer'}`);
    return harness;
  }

  /** Resolves the next time that listeners are closed. */
  set closingFails(fails: boolean) {
    this.#listener.closingFails = fails;
  }

  get alive(): FakeWorker[] {
    return this.workers.filter((worker) => worker.alive);
  }

  /** Pids of the workers that are not leaving, by slot. */
  get pids(): Record<number, number> {
    return Object.fromEntries(this.alive.filter((worker) => !worker.leaving).map((worker) => [worker.slot, worker.pid]));
  }

  get events(): string[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [`${message.event.kind}: ${message.event.message}`] : []));
  }

  order(order: Order, app = 'api'): Ordered {
    const id = this.#orders.size + 1;
    const ordered: Ordered = { progress: [], answer: null, error: null, disorder: false };
    this.#orders.set(id, ordered);
    this.#receive({ type: 'order', id, app, order });
    return ordered;
  }

  leave(): void {
    this.#receive({ type: 'leave' });
  }

  hello(): Extract<FromPrimary, { type: 'hello' }> {
    const hello = this.#link?.hello(null);
    if (hello?.type !== 'hello') throw new Error('no hello');
    return hello;
  }

  start(changes: Partial<AppSpec> = {}, strict = true): Ordered {
    // Fake workers send no heartbeats on their own.
    const spec = sampleSpec({ hangTimeoutMs: null, ...changes });
    return this.order({ kind: 'start', spec, strict, generation: 1 }, spec.name);
  }

  async advance(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  accept(): FakeConnection {
    const connection = new FakeConnection();
    this.#listener.onconnection?.(0, connection);
    return connection;
  }

  /** The worker that took a connection. */
  takerOf(connection: FakeConnection): FakeWorker | undefined {
    return this.workers.find((worker) => worker.connections.includes(connection));
  }

  /** Of the running app, else the last one of the app that ended. */
  async snapshot(): Promise<AppSnapshot> {
    const ended = this.messages.findLast((message) => message.type === 'ended');
    if (ended !== undefined) return ended.snapshot;
    const { answer } = await this.#now({ kind: 'snapshot' });
    if (answer?.kind !== 'snapshot') throw new Error('no snapshot');
    return answer.snapshot;
  }

  async #now(order: Order): Promise<Ordered> {
    const ordered = this.order(order);
    await this.advance(0);
    return ordered;
  }

  #ports(): PrimaryPorts {
    return {
      duplicate: () => Promise.resolve(null),
      somaxconn: () => this.somaxconn,
      program: { id: null, path: (part) => `/program/${part}` },
      link: (_, events) => {
        this.#link = events;
        return { attached: true, busy: false, dial: () => {}, send: (message) => this.#sent(message), close: () => Promise.resolve() };
      },
      bind: ({ port }) => Promise.resolve(port === 3000 ? this.#listener : new FakeListener(port ?? 0)),
      startWorker: ({ spec, slot }, events) => {
        const worker = this.#fork(spec, slot);
        return new IpcProcess(worker as unknown as ChildProcess, events, () => this.#kill(worker));
      },
      startable: { problem: () => this.startProblem, otherNode: (current, next) => (next.interpreter === current.interpreter ? null : next.interpreter) },
      watchFiles: (_, { changed }) => {
        this.changeFile = changed;
        return Promise.resolve(() => Promise.resolve());
      },
      portHolder: () => Promise.resolve(null),
      memoryLeftBytes: () => this.memoryLeftBytes,
      findScript: (script, cwd) => Promise.resolve(this.files(script, cwd)),
      openByItself: (pid) => Promise.resolve({ sockets: this.sockets.get(pid) ?? [], ephemeralPorts: [32_768, 60_999], inspectorPorts: [] }),
      usage: { sample: (pids) => Promise.resolve(this.#usageOf(pids)), ofTree: (pid) => this.#usageOf([pid]).get(pid) ?? null, forget: () => {} },
    };
  }

  /** As the daemon, which alone knows that no other app is on its way. */
  #leaveIfEmpty(): void {
    if (this.hello().apps.length === 0) this.#receive({ type: 'leave' });
  }

  #receive(message: ToPrimary): void {
    this.#link?.received(message, { socket: null, pipe: null });
  }

  #kill(worker: FakeWorker): void {
    if (this.killMs === 0) worker.end(null, 'SIGKILL');
    else setTimeout(() => worker.end(null, 'SIGKILL'), this.killMs);
  }

  #usageOf(pids: readonly number[]): Map<number, ProcessUsage> {
    return new Map(
      pids.flatMap((pid) => {
        const memoryBytes = this.memoryBytes.get(pid);
        return memoryBytes === undefined ? [] : [[pid, { cpuMs: 1, memoryBytes }] as const];
      }),
    );
  }

  #fork(spec: AppSpec, slot: number): FakeWorker {
    const n = this.workers.length;
    const worker = new FakeWorker(1_000_000_000 + n, slot, spec, { ...WELL_BEHAVED, ...this.behave({ slot, spec, n }) });
    this.workers.push(worker);
    return worker;
  }

  #sent(message: FromPrimary): void {
    // The daemon closes its duplicate at once.
    if (message.type === 'drop') return this.#receive({ type: 'dropped', app: message.app, key: message.key });
    this.messages.push(message);
    if (message.type === 'ended') void Promise.resolve().then(() => this.#leaveIfEmpty());
    if (!('id' in message)) return;
    const ordered = this.#orders.get(message.id);
    if (ordered === undefined) throw new Error(`an answer to order ${message.id}, which nobody gave`);
    if (ordered.answer !== null || ordered.error !== null) ordered.disorder = true;
    if (message.type === 'progress') ordered.progress.push(message.record);
    else if (message.type === 'answer') ordered.answer = message.answer;
    else if (message.type === 'failed') ordered.error = message.error;
  }
}
