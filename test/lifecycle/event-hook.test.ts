import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { wantsEvent, type EventHookSpec } from '../../src/lifecycle/event-hook.ts';
import { EVENT_KINDS, EVENT_KIND_NAMES, SEVERITIES } from '../../src/lifecycle/event-kind.ts';

const hook = (changes: Partial<EventHookSpec> = {}): EventHookSpec => ({ run: 'x', url: null, kinds: null, severity: 'warn', ...changes });

describe('wantsEvent', () => {
  it('takes what is at least as severe', () => {
    const taken = SEVERITIES.map((severity) => SEVERITIES.filter((of) => wantsEvent(hook({ severity }), { kind: 'exit', severity: of })));
    expect(taken).toEqual([['info', 'warn', 'error'], ['warn', 'error'], ['error']]);
  });

  it('takes only the kinds that were asked for', () => {
    const only = hook({ kinds: ['exit', 'hung'] });
    expect(EVENT_KIND_NAMES.filter((kind) => wantsEvent(only, { kind, severity: 'error' }))).toEqual(['exit', 'hung']);
  });

  it('never takes the failure of a hook', () => {
    expect(wantsEvent(hook({ kinds: ['hook-failed'], severity: 'info' }), { kind: 'hook-failed', severity: 'error' })).toBe(false);
  });
});

it('docs/events.md has every kind with its severity and what it means, and no other', () => {
  const text = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w-]+)` \| (\w+)[^|]* \| (.+) \|$/gm)].map(([, kind, severity, doc]) => [kind, severity, doc]);
  expect(rows).toEqual(Object.entries(EVENT_KINDS).map(([kind, { severity, doc }]) => [kind, severity, doc]));
});
