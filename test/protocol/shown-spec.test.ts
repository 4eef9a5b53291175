import { expect, it } from 'vitest';
import { shownSpec } from '../../src/protocol/shown-spec.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';

const health = { path: '/', port: null, intervalMs: 1, timeoutMs: 1, fall: 1, rise: 1, expect: [[200, 200]] as const, replaceAfterMs: null };

it('hides the values of the environment and of the headers of health checks', () => {
  const secret = { Authorization: 'hunter2', 'X-Probe': 'hunter2' };
  const shown = shownSpec(sampleSpec({ env: { TOKEN: 'hunter2', A: 'b' }, health: { ...health, host: 'shop.example', headers: secret } }));
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown).toMatchObject({ envNames: ['A', 'TOKEN'], health: { host: 'shop.example', headers: { Authorization: '***', 'X-Probe': '***' } } });
  expect(shownSpec(sampleSpec({ health })).health).toEqual(health);
});
