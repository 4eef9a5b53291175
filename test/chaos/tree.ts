import { startVariableOf } from '../../src/system/process-text.ts';
import { processesOf, type ProcessInfo } from '../helpers/processes.ts';

/** Where the apps are that share a primary. */
export interface Sharing {
  readonly apps: readonly string[];
  /** By which their workers are told apart. */
  readonly portOf: (app: string) => number;
}

const NOT_SHARING: Sharing = { apps: [], portOf: () => -1 };

/** The processes of a home as `/proc` has them, whoever may be dead: what a fault is aimed at, and what `lb list` must agree with. */
export class Tree {
  readonly all: readonly ProcessInfo[];
  readonly daemons: readonly ProcessInfo[];
  readonly #sharing: Sharing;

  /** @param directory what only they carry in their environment, arguments or working directory */
  constructor(
    directory: string,
    { found = processesOf(directory), sharing = NOT_SHARING }: { readonly found?: readonly ProcessInfo[]; readonly sharing?: Sharing } = {},
  ) {
    this.#sharing = sharing;
    this.all = [...found].sort((a, b) => a.startTime - b.startTime || a.pid - b.pid);
    this.daemons = this.all.filter(({ command }) => command.endsWith(' daemon'));
  }

  primaries(app: string): readonly ProcessInfo[] {
    const name = this.#shares(app) ? '_shared' : app;
    return this.all.filter(({ command }) => command === `lb primary ${name}`);
  }

  /** Oldest first; without orphans. The daemon is the child of a primary too, if that has started it. */
  workers(app: string): readonly ProcessInfo[] {
    const primaries = this.primaries(app).map(({ pid }) => pid);
    const children = this.all.filter((found) => primaries.includes(found.parent) && !this.daemons.includes(found));
    const port = String(this.#sharing.portOf(app));
    return this.#shares(app) ? children.filter(({ pid }) => startVariableOf(pid, 'PORT') === port) : children;
  }

  /** What the workers of an app have forked. */
  members(app: string): readonly ProcessInfo[] {
    const workers = this.workers(app).map(({ pid }) => pid);
    return this.all.filter(({ parent }) => workers.includes(parent));
  }

  #shares(app: string): boolean {
    return this.#sharing.apps.includes(app);
  }

  /** A process and all that it started. */
  withDescendants(pid: number): readonly number[] {
    return [pid, ...this.all.filter(({ parent }) => parent === pid).flatMap((child) => this.withDescendants(child.pid))];
  }
}
