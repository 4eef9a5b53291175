import fc from 'fast-check';
import { expect, it } from 'vitest';
import { forEachInStopOrder } from '../../src/daemon/stop-in-order.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const anyApps = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.array(fc.constantFrom(...NAMES), { maxLength: 2 }), fc.boolean()), {
  selector: ([name]) => name,
});

it('stops each app once, and one that is ordered after those that depend on it', async () => {
  await fc.assert(
    fc.asyncProperty(anyApps, async (drawn) => {
      const apps = drawn.map(([name, dependsOn, ordered]) => ({ name, ordered, spec: { dependsOn: dependsOn.filter((other) => other < name) } }));
      const log: string[] = [];
      const stop = async ({ name }: (typeof apps)[number]): Promise<void> => {
        log.push(`+${name}`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`-${name}`);
      };
      await forEachInStopOrder(apps, ({ ordered }) => ordered, stop);
      expect(log.toSorted()).toEqual(apps.flatMap(({ name }) => [`+${name}`, `-${name}`]).toSorted());
      for (const { name, ordered } of apps)
        for (const other of apps)
          if (ordered && other.spec.dependsOn.includes(name)) expect(log.indexOf(`-${other.name}`)).toBeLessThan(log.indexOf(`+${name}`));
    }),
  );
});
