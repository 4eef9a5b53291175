import type { AppSpec } from '../lifecycle/app-spec.ts';
import { stopOrder } from '../lifecycle/start-order.ts';

/** Stops apps side by side, but those on which others depend only after these. @param isOrdered whether an app waits for that */
export async function forEachInStopOrder<A extends { readonly name: string; readonly spec: Pick<AppSpec, 'dependsOn'> }>(
  apps: readonly A[],
  isOrdered: (app: A) => boolean,
  stop: (app: A) => Promise<unknown>,
): Promise<void> {
  const begun: { readonly dependsOn: readonly string[]; readonly done: Promise<unknown> }[] = [];
  for (const { app, name, dependsOn } of stopOrder(apps.map((app) => ({ app, name: app.name, dependsOn: app.spec.dependsOn })))) {
    const dependents = isOrdered(app) ? begun.filter((other) => other.dependsOn.includes(name)).map((other) => other.done) : [];
    const done = dependents.length === 0 ? stop(app) : Promise.all(dependents).then(() => stop(app));
    begun.push({ dependsOn, done });
  }
  await Promise.all(begun.map(({ done }) => done));
}
