import { describe, expect, it } from 'vitest';
import { makeEvent, type EventDetails, type EventKind } from '../../src/protocol/event.ts';
import { parseEvent } from '../../src/protocol/parse-event.ts';

const EXIT: EventDetails['exit'] = { code: 1, signal: null, stopReason: null, cause: null, killedAtDeadline: false, uptimeMs: 5, generation: 1 };
const severity = (kind: EventKind, details?: EventDetails[keyof EventDetails]): string => makeEvent('api', 1, kind, 'm', undefined, details).severity;

describe('the severity of an event', () => {
  it.each([
    [{ ...EXIT }, 'error'],
    [{ ...EXIT, code: null, signal: 'SIGKILL' }, 'error'],
    [{ ...EXIT, code: 0 }, 'warn'],
    [{ ...EXIT, stopReason: 'reload' as const }, 'info'],
    [{ ...EXIT, stopReason: 'stop' as const, killedAtDeadline: true }, 'warn'],
    [{ ...EXIT, stopReason: 'hung' as const }, 'error'],
  ])('exit with %j is %s', (details, expected) => expect(severity('exit', details)).toBe(expected));

  it('follows from how it went, else from the kind', () => {
    expect(severity('operation', { operation: 'reload', ok: false })).toBe('error');
    expect(severity('operation', { operation: 'reload', ok: true })).toBe('info');
    expect(severity('ended', { state: 'errored' })).toBe('error');
    expect(severity('ended', { state: 'stopped' })).toBe('info');
    expect(severity('daemon-start', { unclean: true })).toBe('warn');
    expect([severity('eject'), severity('hung'), severity('readmit')]).toEqual(['warn', 'error', 'info']);
  });
});

describe('parseEvent', () => {
  const event = { id: 7, ...makeEvent('api', 1, 'readmit', 'back', { slot: 0, pid: 9 }) };

  it('gives back what went over the wire, and that of a daemon', () => {
    const own = { id: 8, ...makeEvent(null, 1, 'daemon-start', 'started', undefined, { unclean: false }) };
    for (const one of [event, own]) expect(parseEvent(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it.each([
    null,
    7,
    'x',
    [],
    {},
    { ...event, id: 'a' },
    { ...event, kind: 'toString' },
    { ...event, kind: 'unheard-of' },
    { ...event, severity: 'bad' },
    { ...event, app: 3 },
    { ...event, message: null },
  ])('leaves out %j', (value) => expect(parseEvent(value)).toBeNull());
});
