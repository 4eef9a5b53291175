import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { generateLoad, type Failure, type Load, type LoadOptions } from '../helpers/generate-load.ts';
import { killProcess, type ProcessInfo } from '../helpers/processes.ts';
import type { LbResult } from '../helpers/run-lb.ts';
import { Sandbox } from '../helpers/sandbox.ts';
import { emptyTally, type Tally } from '../helpers/tally.ts';
import type { LoadedApp } from './allowance.ts';
import { Tree } from './tree.ts';

/** What every client of a run must have an answer in. */
const HUNG_MS = 20_000;
const HOME_MEGABYTES = 24;
/** Of the worker that is taken; a balloon has grown by more. */
const MEMORY_LIMIT = '220M';
/** Short waits, so that a run sees many faults. */
const FLAGS = ['--hang-timeout', '5s', '--restart-delay', '100ms', '--kill-timeout', '10s', '--max-memory-restart', MEMORY_LIMIT];
/** Those of one plain worker, unless each has a primary of its own. */
const SHARING: readonly LoadedApp[] = ['plain', 'members'];

interface LoadPlan {
  readonly name: string;
  readonly options: Omit<LoadOptions, 'port'>;
}

/** None of them retries. */
const LOADS: readonly LoadPlan[] = [
  { name: 'keep-alive', options: { mode: 'think', thinkMs: 20, clients: 2 } },
  { name: 'connection per request', options: { mode: 'connection-per-request', thinkMs: 20, clients: 2 } },
  { name: 'think', options: { mode: 'think', thinkMs: 800, clients: 3, bodyBytes: 4096 } },
  { name: 'slow answers', options: { mode: 'think', thinkMs: 50, clients: 1, path: '/?ms=600' } },
];
const BYSTANDER_LOADS: readonly LoadPlan[] = [{ name: 'connection per request', options: { mode: 'connection-per-request', thinkMs: 50, clients: 1 } }];

const loadsOf = (app: LoadedApp): readonly LoadPlan[] => (app === 'bystander' ? BYSTANDER_LOADS : LOADS);

interface RunningLoad {
  readonly app: LoadedApp;
  readonly name: string;
  readonly load: Load;
}

export interface SeenFailure {
  readonly app: LoadedApp;
  readonly load: string;
  readonly failure: Failure;
}

const unlimited = { maxDurationMs: Infinity, maxRequests: Infinity };

/** The home, the apps and the clients of a run. */
export class World {
  readonly sandbox = new Sandbox();
  /** Whether the home has a file system of its own. */
  readonly hasOwnDisk: boolean;
  /** Pids of processes of apps that a fault has ended, or made hang until they are. */
  readonly ended = new Set<number>();
  /** How many workers each app must have. */
  readonly wanted = new Map<LoadedApp, number>();
  /** Not judged yet. */
  readonly failures: SeenFailure[] = [];
  readonly loads: RunningLoad[] = [];
  readonly #ports = new Map<LoadedApp, number>();
  readonly #sharing: readonly LoadedApp[];

  /** @param shared plain apps share a primary, as they do by default; else a fault is one app's */
  constructor(shared: boolean) {
    this.#sharing = shared ? SHARING : [];
    mkdirSync(this.sandbox.home, { mode: 0o700 });
    this.hasOwnDisk = mountDisk(this.sandbox.home);
  }

  get tree(): Tree {
    return new Tree(this.sandbox.directory, { sharing: { apps: this.#sharing, portOf: (app) => this.#ports.get(app as LoadedApp) ?? -1 } });
  }

  get apps(): readonly LoadedApp[] {
    return [...this.wanted.keys()];
  }

  /** Whether what ends the primary of the one ends that of the other. */
  readonly havePrimaryInCommon = (one: LoadedApp, other: LoadedApp): boolean => one === other || (this.#sharing.includes(one) && this.#sharing.includes(other));

  portOf(app: LoadedApp): number {
    return this.#ports.get(app) ?? -1;
  }

  async start(): Promise<void> {
    await this.#startApp('cluster', 'survivor.cjs', 2);
    await this.#startApp('plain', 'survivor.cjs', null);
    await this.#startApp('members', 'survivor.cjs', null, { MEMBERS: '2' });
    await this.#startApp('bystander', 'plain-http.cjs', 1);
  }

  async #startApp(app: LoadedApp, script: string, instances: number | null, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const flags = this.#sharing.includes(app) ? FLAGS : [...FLAGS, '--own-primary'];
    const { port } = await this.sandbox.start(script, { name: app, instances, flags, env });
    this.#ports.set(app, port);
    this.wanted.set(app, instances ?? 1);
  }

  startLoads(): void {
    for (const app of this.apps) {
      for (const { name, options } of loadsOf(app)) {
        this.loads.push({ app, name, load: this.load(app, name, { ...unlimited, ...options }) });
      }
    }
  }

  /** Clients whose failures are judged like all others. */
  load(app: LoadedApp, name: string, options: Omit<LoadOptions, 'port'>): Load {
    const failed = (failure: Failure): void => void this.failures.push({ app, load: name, failure });
    return generateLoad({ hungMs: HUNG_MS, ...options, port: this.portOf(app), failed });
  }

  clientsOf(app: LoadedApp): number {
    return loadsOf(app).reduce((sum, { options }) => sum + (options.clients ?? 0), 0);
  }

  /** Runs a command; how it ended is for the caller to judge. */
  lb(...args: string[]): Promise<LbResult> {
    return this.sandbox.lb(...args);
  }

  /** Sends a signal that ends the process at once, or makes it hang until something ends it. */
  end(target: ProcessInfo | undefined, signal: NodeJS.Signals): boolean {
    if (target === undefined) return false;
    for (const pid of this.tree.withDescendants(target.pid)) this.ended.add(pid);
    return killProcess(target, signal);
  }

  /** Lets every client finish, and adds up what became of their requests. */
  async stopLoads(): Promise<Map<LoadedApp, Tally>> {
    const tallies = new Map<LoadedApp, Tally>();
    for (const { app, load } of this.loads) tallies.set(app, added(tallies.get(app) ?? emptyTally(), await load.stop()));
    return tallies;
  }

  /** Ends everything. @throws Error when something was left behind */
  async dispose(): Promise<void> {
    for (const { load } of this.loads) void load.stop();
    if (this.tree.daemons.length > 0) await this.lb('kill');
    // The home itself, and what a fault may have put over it.
    if (this.hasOwnDisk) while (unmount(this.sandbox.home));
    await this.sandbox.dispose();
  }
}

function added(sum: Tally, tally: Tally): Tally {
  const kinds = ['served', 'refused', 'reset', 'hung', 'wrong'] as const;
  const counts = Object.fromEntries(kinds.map((kind) => [kind, sum[kind] + tally[kind]]));
  return {
    ...sum,
    ...counts,
    maxMs: Math.max(sum.maxMs, tally.maxMs),
    other: { ...sum.other, ...tally.other },
    failures: [...sum.failures, ...tally.failures],
  };
}

/** A file system that can be filled, if this user may mount one. */
function mountDisk(directory: string): boolean {
  return quiet('mount', '-t', 'tmpfs', '-o', `size=${HOME_MEGABYTES}m,mode=0700`, 'lb-chaos', directory);
}

export const unmount = (directory: string): boolean => quiet('umount', '--lazy', directory);

export function quiet(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
