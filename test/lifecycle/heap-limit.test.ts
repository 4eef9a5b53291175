import { expect, it } from 'vitest';
import { definedHeapLimit, heapWarning } from '../../src/lifecycle/heap-limit.ts';

const MIB = 1024 ** 2;

it.each([
  [[], {}, null],
  [['--max-old-space-size=40'], {}, 40],
  [['--max_old_space_size=40', '--max-old-space-size=80'], {}, 80],
  [[], { NODE_OPTIONS: '--import ./a.mjs --max-old-space-size=300' }, 300],
  [['--max-old-space-size=40'], { NODE_OPTIONS: '--max-old-space-size=300' }, 40],
  [['--max-semi-space-size=40'], {}, null],
] as const)('%j with %j limits the heap to %s MB', (nodeArgs, env, expected) => {
  expect(definedHeapLimit({ nodeArgs, env })).toBe(expected === null ? null : expected * MIB);
});

it('warns where a worker crashes before it can be replaced', () => {
  const warned = (maxMemory: number | null, heap: number | null): boolean =>
    heapWarning({ maxMemoryBytes: maxMemory === null ? null : maxMemory * MIB }, heap === null ? null : heap * MIB) !== null;
  expect([warned(6_144, 40), warned(105, 40), warned(104, 40), warned(200, 2_048), warned(null, 40), warned(6_144, null)]).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(heapWarning({ maxMemoryBytes: 6_144 * MIB }, 40 * MIB)).toContain("max_memory_restart (6144 MB) is above V8's heap limit (40 MB)");
});
