/** An app among those on which it may depend. */
export interface Dependent {
  readonly name: string;
  /** Names of apps that start before it, and stop after it. */
  readonly dependsOn: readonly string[];
}

/** Each app after those on which it depends, else in the given order. What is not among them has no order, nor has a cycle. */
export function startOrder<A extends Dependent>(apps: readonly A[]): A[] {
  const byName = new Map(apps.map((app) => [app.name, app]));
  const ordered = new Set<A>();
  const visited = new Set<A>();
  const visit = (app: A): void => {
    if (visited.has(app)) return;
    visited.add(app);
    for (const name of app.dependsOn) {
      const dependency = byName.get(name);
      if (dependency !== undefined) visit(dependency);
    }
    ordered.add(app);
  };
  for (const app of apps) visit(app);
  return [...ordered];
}

/** Each app before those on which it depends. */
export const stopOrder = <A extends Dependent>(apps: readonly A[]): A[] => startOrder(apps).reverse();

/** The names along the first cycle, of which the last is the first again; null if there is none. */
export function findCycle(apps: readonly Dependent[]): readonly string[] | null {
  const byName = new Map(apps.map((app) => [app.name, app]));
  const clear = new Set<string>();
  const follow = (name: string, path: readonly string[]): readonly string[] | null => {
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    if (clear.has(name)) return null;
    for (const next of byName.get(name)?.dependsOn ?? []) {
      const cycle = follow(next, [...path, name]);
      if (cycle !== null) return cycle;
    }
    clear.add(name);
    return null;
  };
  for (const { name } of apps) {
    const cycle = follow(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** Those on which an app depends itself, without any that depends on it in turn. */
export function dependenciesOf<A extends Dependent>(app: A, apps: readonly A[]): A[] {
  const byName = new Map(apps.map((each) => [each.name, each]));
  const reaches = (from: A, seen: Set<A>): boolean =>
    from === app ||
    from.dependsOn.some((name) => {
      const next = byName.get(name);
      if (next === undefined || seen.has(next)) return false;
      seen.add(next);
      return reaches(next, seen);
    });
  return [...new Set(app.dependsOn)].flatMap((name) => {
    const dependency = byName.get(name);
    return dependency === undefined || reaches(dependency, new Set()) ? [] : [dependency];
  });
}
