import { describe, expect, it } from 'vitest';
import { addLogs, emptyLogs, findMatch, unpaused, scroll, visibleLines, type LogsState } from '../../src/monitor/logs-state.ts';
import { log } from './samples.ts';

const many = (n: number): LogsState =>
  addLogs(
    emptyLogs(),
    Array.from({ length: n }, (_, i) => log(`line ${i}`, i % 2, i % 5 === 0 ? 'err' : 'out')),
    false,
  );
const last = (state: LogsState): string | undefined => visibleLines(state).at(-1 - state.back)?.text;

describe('the log pane', () => {
  it('follows, until it is scrolled back or held', () => {
    const following = addLogs(many(50), [log('new')], false);
    expect(last(following)).toBe('new');
    const back = addLogs(scroll(many(50), 10, 20), [log('new'), log('newer')], false);
    expect(last(back)).toBe('line 39');
    expect(last(addLogs(many(50), [log('new')], true))).toBe('line 49');
    expect(last(scroll(back, -Infinity, 20))).toBe('newer');
  });

  it('goes on after it was held as it was before: follows, or stays where it was scrolled to', () => {
    const held = (state: LogsState): LogsState => addLogs(state, [log('new'), log('newer')], true);
    expect(last(held(many(50)))).toBe('line 49');
    expect(last(unpaused(held(many(50))))).toBe('newer');
    expect(last(addLogs(unpaused(held(many(50))), [log('newest')], false))).toBe('newest');
    expect(last(unpaused(held(scroll(many(50), 10, 20))))).toBe('line 39');
    expect(last(unpaused(scroll(held(many(50)), 3, 20)))).toBe('line 46');
    expect(last(unpaused(held(scroll(held(many(50)), -Infinity, 20))))).toBe('newer');
  });

  it('scrolls no further than to the first line at the top', () => {
    expect(last(scroll(many(50), Infinity, 20))).toBe('line 19');
    expect(scroll(many(5), 3, 20).back).toBe(0);
  });

  it('shows one worker, or one stream', () => {
    expect(visibleLines({ ...many(10), slot: 1 })).toHaveLength(5);
    expect(visibleLines({ ...many(10), streams: 'err' }).map(({ text }) => text)).toEqual(['line 0', 'line 5']);
    const dropped = addLogs({ ...many(10), slot: 1 }, [{ type: 'dropped', lines: 7 }], false);
    expect(visibleLines(dropped).at(-1)?.text).toBe('7 lines skipped: output was read too slowly');
  });

  it('shows only the lines with a text, and what is missing', () => {
    const filtered = addLogs({ ...many(30), filter: 'line 1' }, [log('other'), { type: 'dropped', lines: 7 }, log('LINE 1')], false);
    expect(
      visibleLines(filtered)
        .map(({ text }) => text)
        .slice(-4),
    ).toEqual(['line 18', 'line 19', '7 lines skipped: output was read too slowly', 'LINE 1']);
    expect(addLogs(scroll(filtered, 3, 2), [log('other'), log('line 1')], false).back).toBe(4);
  });

  it('finds text, in both directions, and minds capitals only when they are typed', () => {
    const searched = { ...many(50), search: 'LINE 1'.toLowerCase() };
    const found = findMatch(searched, 'past');
    expect(found === null ? null : last(found)).toBe('line 19');
    const next = found === null ? null : findMatch(found, 'past');
    expect(next === null ? null : last(next)).toBe('line 18');
    const back = next === null ? null : findMatch(next, 'newest');
    expect(back === null ? null : last(back)).toBe('line 19');
    expect(findMatch({ ...searched, search: 'Line' }, 'past')).toBeNull();
    expect(findMatch({ ...searched, search: 'line 49' }, 'past')).toBeNull();
    expect(findMatch({ ...searched, search: 'line 49' }, 'past', true)?.back).toBe(0);
  });

  it('keeps a bounded number of lines', () => {
    expect(many(20_000).lines).toHaveLength(5_000);
  });
});
