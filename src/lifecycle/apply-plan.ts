import type { AppSpec } from './app-spec.ts';
import { differenceOf } from './definition-difference.ts';
import { startOrder, stopOrder } from './start-order.ts';
import { isEnded, type AppState } from './states.ts';
import { isRevived } from './trigger.ts';

/** One app of the daemon. */
export interface PresentApp {
  readonly state: AppState;
  readonly spec: Pick<AppSpec, 'name' | 'origin' | 'declared' | 'instances' | 'scale' | 'dependsOn'>;
}

/** What a config file asks for. */
export interface WantedApps {
  /** Absolute; null for one on stdin. */
  readonly file: string | null;
  /** The selected definitions, in their order. */
  readonly specs: readonly AppSpec[];
  /** The names of all apps in the file. */
  readonly names: readonly string[];
}

export interface ApplyRules {
  /** Delete what came from this file and is no longer in it. */
  readonly prune: boolean;
  /** Reload also what has not changed. */
  readonly reloadAll: boolean;
  /** Whether the environment that an app inherits should be another one. */
  readonly hasOtherEnv: (spec: AppSpec) => boolean;
  /** Whether two paths are the same file. */
  readonly isSameFile: (a: string, b: string) => boolean;
}

/** Why an app is reloaded: its definition or inherited environment changed, or the operator wants all reloaded. */
export type ReloadCause = 'definition' | 'environment' | 'asked';

export type ApplyStep =
  | { readonly do: 'start'; readonly app: string; readonly spec: AppSpec }
  | { readonly do: 'keep'; readonly app: string }
  | { readonly do: 'reload'; readonly app: string; readonly spec: AppSpec; readonly because: ReloadCause }
  | { readonly do: 'scale'; readonly app: string; readonly from: number; readonly to: number }
  | { readonly do: 'delete'; readonly app: string };

/** The steps from what runs to what a file asks for, each app after those on which it depends; deletions are last. */
export function applyPlan({ file, specs, names }: WantedApps, present: readonly PresentApp[], rules: ApplyRules): readonly ApplyStep[] {
  const steps = startOrder(specs).map((spec) =>
    stepFor(
      spec,
      present.find((app) => app.spec.name === spec.name),
      rules,
    ),
  );
  if (!rules.prune || file === null) return steps;
  const wanted = new Set(specs.map(({ name }) => name));
  const left = present.filter(({ spec: { name, origin } }) => {
    const isOfFile = typeof origin?.file === 'string' && rules.isSameFile(origin.file, file);
    return isOfFile && !wanted.has(name) && !names.includes(origin.name ?? name);
  });
  return [...steps, ...stopOrder(left.map(({ spec }) => spec)).map(({ name: app }) => ({ do: 'delete', app }) as const)];
}

function stepFor(spec: AppSpec, present: PresentApp | undefined, rules: ApplyRules): ApplyStep {
  const { name: app } = spec;
  if (present === undefined) return { do: 'start', app, spec };
  const difference = differenceOf(present.spec, spec);
  if (isEnded(present.state)) return difference !== 'definition' && mayRest(spec, present.state) ? { do: 'keep', app } : { do: 'start', app, spec };
  if (difference === 'definition') return { do: 'reload', app, spec: withItsNumber(spec, present.spec), because: 'definition' };
  if (rules.reloadAll || rules.hasOtherEnv(spec))
    return { do: 'reload', app, spec: withItsNumber(spec, present.spec), because: rules.reloadAll ? 'asked' : 'environment' };
  return difference === 'instances' ? { do: 'scale', app, from: present.spec.instances, to: spec.instances } : { do: 'keep', app };
}

/** A job that is done is not missing, nor is what waits for the operator. */
const mayRest = (spec: AppSpec, state: AppState): boolean => state === 'stopped' && (!spec.autorestart || (!spec.autostart && !isRevived(spec)));

/** A number of workers that the definition does not name is left as it is. */
const withItsNumber = (spec: AppSpec, present: PresentApp['spec']): AppSpec =>
  spec.declared?.instances === null && spec.scale === null ? { ...spec, instances: present.instances } : spec;
