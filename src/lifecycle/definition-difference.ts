import type { AppSpec } from './app-spec.ts';

type Defined = Pick<AppSpec, 'declared' | 'instances' | 'scale'>;

/** How what is wanted differs from what runs; what autoscaling decides is no difference, nor is a number that nobody wrote down. */
export type Difference = 'none' | 'instances' | 'definition';

/** Compares what definitions declare. One of an older version does not say, so it counts as another. */
export function differenceOf(running: Defined, wanted: Defined): Difference {
  if (running.declared === null || running.declared.digest !== wanted.declared?.digest) return 'definition';
  return wanted.scale === null && wanted.declared.instances !== null && wanted.instances !== running.instances ? 'instances' : 'none';
}

/** Whether something else is declared now than what an app was started or reloaded with; what was changed by hand since does not count. */
export function isRedefined(running: Defined, wanted: Defined): boolean {
  const [before, after] = [running.declared, wanted.declared];
  if (before === null) return false;
  if (before.digest !== after?.digest) return true;
  return after.instances !== null && after.instances !== before.instances && after.instances !== running.instances;
}
