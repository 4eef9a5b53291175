import { describe, expect, it } from 'vitest';
import { eventView } from '../../src/cli/output/event-view.ts';
import { plain } from '../../src/cli/output/style.ts';
import { makeEvent } from '../../src/protocol/event.ts';

const at = new Date(2026, 10, 20, 14, 32, 5).getTime();

describe('an event', () => {
  it('is one line with local time, severity, kind and whom it concerns', () => {
    const event = { id: 1, ...makeEvent('api', at, 'eject', 'worker 1 is out of the rotation: says down', { slot: 1, pid: 99 }) };
    expect(eventView(event, plain)).toBe('2026-11-20 14:32:05  warn   eject            api[1] worker 1 is out of the rotation: says down (pid 99)\n');
  });

  it('of the daemon names no app', () => {
    const event = { id: 1, ...makeEvent(null, at, 'daemon-end', 'daemon ends') };
    expect(eventView(event, plain)).toBe('2026-11-20 14:32:05  info   daemon-end       daemon ends\n');
  });

  it('is coloured by severity', () => {
    const marked = (kind: 'hung' | 'eject'): string => eventView({ id: 1, ...makeEvent('api', at, kind, 'm') }, (color, text) => `<${color}>${text}`);
    expect(marked('hung')).toContain('<red>m');
    expect(marked('eject')).toContain('<yellow>m');
  });
});
