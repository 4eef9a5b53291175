import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BACKOFF_CAP_MS, restartDelay, STABLE_MS } from '../../src/lifecycle/restart-policy.ts';
import { APP_STATES, appState, WORKER_STATES, WORKER_TRANSITIONS, type AppFacts } from '../../src/lifecycle/states.ts';
import { stopRung } from '../../src/lifecycle/stop-ladder.ts';
import { sampleSpec } from './sample-spec.ts';

const text = readFileSync(new URL('../../docs/lifecycle.md', import.meta.url), 'utf8');

/** The rows of a table between two markers, without its head. */
function rows(marker: string): string[][] {
  const block = text.split(`<!-- ${marker} -->\n`)[1]?.split('<!-- end -->')[0] ?? '';
  return block
    .trim()
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const rowAfter = (start: string): string[] =>
  (text.split('\n').find((line) => line.startsWith(start)) ?? '')
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());

describe('docs/lifecycle.md', () => {
  it('has the transitions of a worker', () => {
    const names = (states: readonly string[]): string => (states.length === 0 ? 'none' : states.map((state) => `\`${state}\``).join(', '));
    expect(rows('worker states')).toEqual(WORKER_STATES.map((state) => [`\`${state}\``, names(WORKER_TRANSITIONS[state])]));
  });

  it('says what each state of a worker means', () => {
    for (const state of WORKER_STATES) expect(text).toMatch(new RegExp(`^\\| \`${state}\` \\| [a-z]`, 'm'));
  });

  it('has every state of a running app, in the order in which they apply', () => {
    const online: AppFacts = {
      wanted: 2,
      ready: 2,
      erroredSlots: 0,
      isUnserved: false,
      crashLoops: false,
      rollingOut: false,
      stopping: false,
      resting: null,
      wasOnline: true,
    };
    // Every row holds together with all that stand below it.
    const facts: Partial<AppFacts>[] = [
      { stopping: true, erroredSlots: 2, rollingOut: true },
      { rollingOut: true, erroredSlots: 1 },
      { resting: 'errored', erroredSlots: 2 },
      { resting: 'waiting', ready: 0 },
      { erroredSlots: 1 },
      { wasOnline: false },
      { ready: 1 },
      { ready: 1, wasOnline: false },
    ];
    const told = rows('app states').map(([state]) => state?.replaceAll('`', ''));
    expect(told).toEqual(facts.map((changes) => appState({ ...online, ...changes })));
    expect([...new Set(told), 'stopped'].sort()).toEqual([...APP_STATES].sort());
  });

  it('has the curve of the restart policy', () => {
    const written = (ms: number): string => (ms === 0 ? '0' : ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`);
    expect(rowAfter('| delay |')).toEqual(Array.from({ length: 11 }, (_, n) => written(restartDelay(n, sampleSpec(), 0.5))));
    expect(text).toContain(`lived for ${STABLE_MS / 1_000} s resets the backoff`);
    expect(restartDelay(99, sampleSpec(), 0.5)).toBe(BACKOFF_CAP_MS);
  });

  it('has the split of the kill_timeout', () => {
    const rungAt = (elapsedMs: number): string => stopRung({ elapsedMs, killTimeoutMs: 30_000, quiet: false, skips: 0 }).rung;
    expect(text).toContain('With 30 s, the app is asked after 22.5 s at the latest and killed after 30 s.');
    expect([22_499, 22_500, 29_999, 30_000].map(rungAt)).toEqual(['drain', 'ask', 'ask', 'kill']);
  });
});
