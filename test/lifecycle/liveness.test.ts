import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, UNSEEN, type Liveness, type Observation } from '../../src/lifecycle/liveness.ts';

/** Looks at a process that has just been heard and then is asked at every look, until it counts as hung or they are over. */
function looked(looks: readonly Partial<Observation>[]): Liveness & { readonly at: number } {
  let seen = judge(UNSEEN, { heard: true, asked: false, thread: { state: 'S', cpuMs: 0, waitedMs: 0 } });
  for (const [index, look] of looks.entries()) {
    seen = judge(seen, { heard: false, asked: true, thread: null, ...look });
    if (seen.verdict === 'hung') return { ...seen, at: index + 1 };
  }
  return { ...seen, at: Infinity };
}

const times = (n: number, thread: (index: number) => Observation['thread'], rest: Partial<Observation> = {}): Partial<Observation>[] =>
  Array.from({ length: n }, (_, index) => ({ thread: thread(index), ...rest }));

describe('a process hangs', () => {
  it('that is stopped, at the third look, even if nothing was asked', () => {
    expect(looked(times(9, () => ({ state: 'T', cpuMs: 0, waitedMs: 0 })))).toMatchObject({ at: 3, why: 'it is stopped (SIGSTOP)' });
    expect(looked(times(9, () => ({ state: 'T', cpuMs: 0, waitedMs: 0 }), { asked: false })).at).toBe(3);
  });

  it('that sleeps although it was asked, at the third look', () => {
    expect(looked(times(9, () => ({ state: 'S', cpuMs: 0, waitedMs: 0 }))).at).toBe(3);
  });

  it('that has computed for 5 s without an answer', () => {
    expect(looked(times(9, (index) => ({ state: 'R', cpuMs: (index + 1) * 1_000, waitedMs: 0 })))).toMatchObject({
      at: 5,
      why: expect.stringContaining('5 s of CPU time') as string,
    });
  });

  it('that has wanted the CPU for 5 s without an answer, though others had it most of the time', () => {
    const shared = (index: number): Observation['thread'] => ({ state: 'R', cpuMs: (index + 1) * 400, waitedMs: (index + 1) * 600 });
    expect(looked(times(9, shared))).toMatchObject({
      at: 5,
      why: 'its event loop is blocked: 2 s of CPU time, and 3 s of waiting for it, without an answer',
    });
  });

  it('that waits for a disk, but only much later', () => {
    expect(looked(times(30, () => ({ state: 'D', cpuMs: 0, waitedMs: 0 }))).at).toBe(15);
  });

  it('that is silent where there is no /proc', () => {
    expect(looked(times(30, () => null)).at).toBe(15);
  });
});

describe('a process does not hang', () => {
  it.each<[string, readonly Partial<Observation>[]]>([
    ['that nobody asked', times(99, () => ({ state: 'S', cpuMs: 0, waitedMs: 0 }), { asked: false })],
    ['that is ready to run and gets no CPU', times(999, () => ({ state: 'R', cpuMs: 0, waitedMs: 0 }))],
    ['that always wants the CPU and hardly gets any', times(999, (index) => ({ state: 'R', cpuMs: index, waitedMs: index * 999 }))],
    ['that gets a little', times(99, (index) => ({ state: index % 2 === 0 ? 'R' : 'S', cpuMs: index * 10, waitedMs: 0 }))],
    ['that a debugger holds', times(999, () => ({ state: 't', cpuMs: 0, waitedMs: 0 }))],
    [
      'that computes, and answers every fourth look',
      times(999, (index) => ({ state: 'R', cpuMs: index * 1_000, waitedMs: 0 })).map((look, index) => ({ ...look, heard: index % 4 === 3 })),
    ],
    [
      'that was stopped and goes on',
      [
        ...times(2, () => ({ state: 'T', cpuMs: 0, waitedMs: 0 })),
        { thread: { state: 'R', cpuMs: 10, waitedMs: 0 } },
        ...times(2, () => ({ state: 'T', cpuMs: 10, waitedMs: 0 })),
      ],
    ],
  ])('%s', (_, looks) => {
    expect(looked(looks)).toMatchObject({ verdict: 'suspect', why: '' });
  });

  it('on a machine that slept: one late look is one look', () => {
    expect(looked([{ thread: { state: 'S', cpuMs: 0, waitedMs: 0 } }, { heard: true, thread: { state: 'S', cpuMs: 0, waitedMs: 0 } }])).toMatchObject({
      verdict: 'alive',
    });
  });
});

const look: fc.Arbitrary<Observation> = fc.record({
  heard: fc.boolean(),
  asked: fc.boolean(),
  thread: fc.option(
    fc.record({
      state: fc.constantFrom('R', 'S', 'D', 'T', 't', 'I'),
      cpuMs: fc.integer({ min: 0, max: 9_000 }),
      waitedMs: fc.integer({ min: 0, max: 9_000 }),
    }),
  ),
});

it('whatever is seen: it is hung after three looks without a word at the earliest, and never when it is heard', () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
      let seen = UNSEEN;
      let silent = 0;
      for (const one of looks) {
        seen = judge(seen, one);
        silent = one.heard ? 0 : silent + 1;
        expect(seen.verdict === 'alive').toBe(one.heard);
        if (seen.verdict === 'hung') expect(silent).toBeGreaterThanOrEqual(3);
        expect(seen.why === '').toBe(seen.verdict !== 'hung');
      }
    }),
  );
});
