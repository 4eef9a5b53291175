import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPrimaryParser } from '../../src/protocol/parse-from-primary.ts';
import { parseFromWorker } from '../../src/protocol/parse-from-worker.ts';
import { parseToPrimary } from '../../src/protocol/parse-to-primary.ts';
import { parseToWorker, parseWorkerSettings } from '../../src/protocol/parse-to-worker.ts';
import { attempt, Malformed, type Parser } from '../../src/protocol/parser.ts';
import { WORKER_PROTOCOL } from '../../src/protocol/version.ts';
import { garbage } from './garbage.ts';
import { FROM_PRIMARY, FROM_WORKER, TO_PRIMARY, TO_WORKER } from './samples.ts';

const handle = { close: (): void => {}, listen: (): number => 0, readStart: (): void => {} };
const fromPrimary = fromPrimaryParser((spec) => spec);
const CHANNELS: readonly (readonly [name: string, parser: Parser<object>, messages: readonly object[]])[] = [
  ['worker to primary', (value) => parseFromWorker(value, handle), FROM_WORKER],
  ['primary to worker', parseToWorker, TO_WORKER],
  ['primary to daemon', fromPrimary, FROM_PRIMARY],
  ['daemon to primary', parseToPrimary, TO_PRIMARY],
];

describe.each(CHANNELS)('the parser of messages from %s', (_, parser, messages) => {
  it('returns what is right as it is, without a copy', () => {
    for (const message of messages) {
      const received: unknown = JSON.parse(JSON.stringify(message));
      expect(parser(received)).toBe(received);
      expect(received).toEqual(message);
    }
  });

  it('lets fields of a newer version pass', () => {
    for (const message of messages) expect(parser({ ...message, later: { than: 'this' } })).toEqual({ ...message, later: { than: 'this' } });
  });

  it('names the field of what is wrong, and fails with nothing else', () => {
    fc.assert(
      fc.property(garbage(messages), (value) => {
        const parsed = attempt(() => parser(value));
        if (parsed instanceof Malformed) expect(parsed.message).toMatch(/: expected .+, got .+$/);
        // Not always the value itself: an error code of a newer version becomes one that this version knows.
        else expect(parser(parsed)).toBe(parsed);
      }),
    );
  });
});

it('a heartbeat without a field is refused, whichever it is', () => {
  const [beat] = FROM_WORKER.filter((message) => 'beat' in message) as { beat: Record<string, unknown> }[];
  const fields = Object.keys(beat?.beat ?? {});
  expect(fields.length).toBeGreaterThan(15);
  for (const field of fields) {
    const { [field]: _, ...others } = beat?.beat ?? {};
    expect(attempt(() => parseFromWorker({ ...beat, beat: others }, undefined))).toMatchObject({ path: `beat.${field}`, got: 'no value' });
  }
});

it('a refused connection comes with its handle, which no socket of an app is', () => {
  const refused = FROM_WORKER.find((message) => 't' in message && message.t === 'refused');
  for (const wrong of [undefined, null, { close: () => {} }, { readStart: () => {} }, 7]) {
    expect(attempt(() => parseFromWorker(refused, wrong))).toMatchObject({ path: 'handle' });
  }
});

it('settings of a primary of another version are refused', () => {
  const settings = { protocol: WORKER_PROTOCOL, role: 'cluster', app: 'api', nodeOptions: null, killTimeoutMs: 5, restartDaemon: null };
  expect(parseWorkerSettings(settings)).toBe(settings);
  expect(() => parseWorkerSettings({ ...settings, protocol: WORKER_PROTOCOL + 1 })).toThrow(
    `protocol: expected ${WORKER_PROTOCOL}, got ${WORKER_PROTOCOL + 1}`,
  );
});
