import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dependenciesOf, findCycle, startOrder, stopOrder, type Dependent } from '../../src/lifecycle/start-order.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Any graph, also with cycles and names of no app. */
const anyApps: fc.Arbitrary<readonly Dependent[]> = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...NAMES), dependsOn: fc.array(fc.constantFrom(...NAMES, 'unknown'), { maxLength: 3 }) }),
  { selector: ({ name }) => name },
);

/** Without cycles: each depends only on earlier letters. */
const acyclic = anyApps.map((apps) => apps.map((app) => ({ ...app, dependsOn: app.dependsOn.filter((name) => name < app.name) })));

describe('startOrder', () => {
  it('has every app once, whatever depends on what', () => {
    const names = (apps: readonly Dependent[]): readonly string[] => apps.map(({ name }) => name).toSorted();
    fc.assert(
      fc.property(anyApps, (apps) => {
        expect(names(startOrder(apps))).toEqual(names(apps));
      }),
    );
  });

  it('has each app after those on which it depends, and the other way round to stop', () => {
    fc.assert(
      fc.property(acyclic, (apps) => {
        const order = startOrder(apps).map(({ name }) => name);
        for (const { name, dependsOn } of apps)
          for (const other of dependsOn) if (order.includes(other)) expect(order.indexOf(other), `${other} before ${name}`).toBeLessThan(order.indexOf(name));
        expect(stopOrder(apps).map(({ name }) => name)).toEqual(order.toReversed());
      }),
    );
  });

  it('keeps the given order where nothing depends', () => {
    fc.assert(
      fc.property(anyApps, (apps) => {
        expect(startOrder(apps.map((app) => ({ ...app, dependsOn: [] }))).map(({ name }) => name)).toEqual(apps.map(({ name }) => name));
      }),
    );
  });
});

describe('findCycle', () => {
  it('finds none where there is none', () => {
    fc.assert(
      fc.property(acyclic, (apps) => {
        expect(findCycle(apps)).toBeNull();
      }),
    );
  });

  it('names the apps along one, which is one', () => {
    fc.assert(
      fc.property(anyApps, (apps) => {
        const cycle = findCycle(apps);
        if (cycle === null) return;
        expect(cycle.at(-1)).toBe(cycle[0]);
        for (const [index, name] of cycle.slice(0, -1).entries()) expect(apps.find((app) => app.name === name)?.dependsOn).toContain(cycle[index + 1]);
      }),
    );
    expect(findCycle([{ name: 'a', dependsOn: ['a'] }])).toEqual(['a', 'a']);
  });
});

describe('dependenciesOf', () => {
  it('are those that do not depend on the app in turn, so that nobody waits for itself', () => {
    fc.assert(
      fc.property(anyApps, (apps) => {
        const waits = apps.map((app) => ({ name: app.name, dependsOn: dependenciesOf(app, apps).map(({ name }) => name) }));
        expect(findCycle(waits)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(acyclic, (apps) => {
        for (const app of apps) {
          const known = app.dependsOn.filter((name) => apps.some((other) => other.name === name));
          expect(new Set(dependenciesOf(app, apps).map(({ name }) => name))).toEqual(new Set(known));
        }
      }),
    );
  });
});
