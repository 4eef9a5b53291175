import { expect, it } from 'vitest';
import { formatSteps, KINDS, planSteps, type Kind } from '../chaos/plan.ts';
import { ChaosFailure, runChaos } from '../chaos/run.ts';

/** What hangs takes seconds to be found; `npm run chaos` has these too. */
const SLOW: readonly Kind[] = ['hang-worker', 'stop-worker', 'hang-primary', 'stop-primary', 'hang-daemon', 'stop-daemon'];
const kinds = KINDS.filter((kind) => !SLOW.includes(kind));

it.each([
  { seed: 1, maxSteps: 5, shared: false },
  { seed: 2, maxSteps: 4, shared: true },
])('S39: chaos, seed $seed: everything comes back, and only what may fail does', async ({ seed, maxSteps, shared }) => {
  const lines: string[] = [];
  try {
    await runChaos({ steps: planSteps(seed, kinds), maxSteps, maxMs: Infinity, shared, say: (line) => void lines.push(line) });
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error;
    const again = `npm run chaos --${shared ? ' --shared' : ''} --replay "${formatSteps(error.steps)}"`;
    expect.fail([error.report, ...lines, `${formatSteps(error.steps.slice(-1))}: ${error.message}`, again].join('\n'));
  }
});
