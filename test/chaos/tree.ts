import { processesOf, type ProcessInfo } from '../helpers/processes.ts';

/** The processes of a home as `/proc` has them, whoever may be dead: what a fault is aimed at, and what `lb list` must agree with. */
export class Tree {
  readonly all: readonly ProcessInfo[];
  readonly daemons: readonly ProcessInfo[];

  /** @param directory what only they carry in their environment, arguments or working directory */
  constructor(directory: string, found: readonly ProcessInfo[] = processesOf(directory)) {
    this.all = [...found].sort((a, b) => a.startTime - b.startTime || a.pid - b.pid);
    this.daemons = this.all.filter(({ command }) => command.endsWith(' daemon'));
  }

  primaries(app: string): readonly ProcessInfo[] {
    return this.all.filter(({ command }) => command === `lb primary ${app}`);
  }

  /** Oldest first; without orphans. The daemon is the child of a primary too, if that has started it. */
  workers(app: string): readonly ProcessInfo[] {
    const primaries = this.primaries(app).map(({ pid }) => pid);
    return this.all.filter((found) => primaries.includes(found.parent) && !this.daemons.includes(found));
  }

  /** What the workers of an app have forked. */
  members(app: string): readonly ProcessInfo[] {
    const workers = this.workers(app).map(({ pid }) => pid);
    return this.all.filter(({ parent }) => workers.includes(parent));
  }

  /** A process and all that it started. */
  withDescendants(pid: number): readonly number[] {
    return [pid, ...this.all.filter(({ parent }) => parent === pid).flatMap((child) => this.withDescendants(child.pid))];
  }
}
