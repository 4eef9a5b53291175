import { LbError } from '../errors/lb-error.ts';
import { stopOrder } from '../lifecycle/start-order.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Chosen } from './choose.ts';
import type { Target } from './targets.ts';

/** Apps on which others depend come after these, whatever the order of the words; a word that is no target keeps its place. */
export function inStopOrder(targets: readonly Target[]): readonly Target[] {
  const chosen = targets.filter((target): target is Chosen<AppSnapshot> => !(target instanceof LbError));
  const ordered = stopOrder(chosen.toReversed().map((target) => ({ target, name: target.app.name, dependsOn: target.app.spec.dependsOn })));
  const next = ordered.values();
  return targets.map((target) => (target instanceof LbError ? target : (next.next().value?.target ?? target)));
}
