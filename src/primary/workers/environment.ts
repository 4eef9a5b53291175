import type { AppSpec } from '../../lifecycle/app-spec.ts';

/** The environment of the worker in a slot, as the app is to see it. */
export function environmentOf({ env, instanceVar, incrementVar }: Pick<AppSpec, 'env' | 'instanceVar' | 'incrementVar'>, slot: number): Record<string, string> {
  const first = incrementVar === null ? undefined : env[incrementVar];
  const counted = incrementVar === null || first === undefined ? {} : { [incrementVar]: String(Number(first) + slot) };
  return { ...env, ...counted, [instanceVar]: String(slot) };
}
