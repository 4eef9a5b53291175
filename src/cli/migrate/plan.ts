import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { Pm2App } from './pm2-list.ts';

/**
 * How an app moves. `hand-over`: `lb` serves its sockets beside PM2, then PM2 lets go. `gap`: PM2 stops it, then `lb` starts it.
 * `define`: PM2 does not run it, so `lb` only gets its definition.
 */
type Way = 'hand-over' | 'gap' | 'define';

export interface Move {
  readonly app: Pm2App;
  readonly way: Way;
  /** Why it moves with a gap; null if it does not. */
  readonly because: string | null;
  readonly spec: AppSpec;
  /** What will be otherwise, in sentences. */
  readonly differences: readonly string[];
}

interface Stay {
  readonly app: Pm2App;
  readonly because: string;
}

export interface Plan {
  readonly moves: readonly Move[];
  /** What stays with PM2. */
  readonly stays: readonly Stay[];
}

/** What is known of an app beside its settings. */
export interface AppFacts {
  /** The app in `lb`, or why it cannot run there. */
  readonly spec: AppSpec | string;
  readonly differences: readonly string[];
  /** `lb` has an app of this name. */
  readonly isTaken: boolean;
  /** Whether a process of it listens; null if that is seen only when it moves, as for cluster workers. */
  readonly listens: boolean | null;
  /** Why its sockets cannot be handed over; null if nothing is known that speaks against it. */
  readonly obstacle: string | null;
}

export interface Conditions {
  /** Why no inspector may be opened, for all apps; null if it may. */
  readonly noInspector: string | null;
  readonly factsOf: (app: Pm2App) => AppFacts | undefined;
}

/** What moves, how, and what stays. */
export function planOf(apps: readonly Pm2App[], { noInspector, factsOf }: Conditions): Plan {
  const moves: Move[] = [];
  const stays: Stay[] = [];
  const names = new Set<string>();
  for (const app of apps) {
    const facts = factsOf(app);
    if (facts === undefined) continue;
    const { spec, differences } = facts;
    const because = reasonToStay(app, facts, names.has(app.name));
    names.add(app.name);
    if (typeof spec === 'string') stays.push({ app, because: because ?? spec });
    else if (because !== null) stays.push({ app, because });
    else moves.push({ app, spec, differences, ...wayOf(app, facts, noInspector) });
  }
  return { moves, stays };
}

function reasonToStay({ isModule, processes }: Pm2App, { spec, isTaken }: AppFacts, isSecond: boolean): string | null {
  if (isModule) return 'it is a module of PM2';
  if (isTaken) return 'lb has an app of this name';
  if (isSecond) return 'another app of PM2, in another namespace, has this name';
  if (processes.some(({ env }) => IN_BETWEEN.has(env['status']))) return 'it is starting or stopping; run the command again';
  return typeof spec === 'string' ? spec : null;
}

const IN_BETWEEN: ReadonlySet<unknown> = new Set(['launching', 'stopping', 'waiting restart']);

function wayOf({ processes }: Pm2App, { listens, obstacle }: AppFacts, noInspector: string | null): Pick<Move, 'way' | 'because'> {
  if (processes.every(({ pid }) => pid === 0)) return { way: 'define', because: null };
  const because = listens === false ? 'it does not listen, so it may not run twice' : (obstacle ?? noInspector);
  return { way: because === null ? 'hand-over' : 'gap', because };
}
