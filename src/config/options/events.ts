import { EVENT_KIND_NAMES, SEVERITIES, type EventKind, type Severity } from '../../lifecycle/event-kind.ts';
import { describe } from '../describe.ts';
import { fieldsOrOff } from '../fields-kind.ts';
import { isCleanText, type Kind } from '../kind.ts';
import * as kinds from '../kinds.ts';
import { suggestion } from '../nearest.ts';
import { withDefault } from './option.ts';

const command: Kind<string | readonly string[] | null> = {
  label: 'a string for the shell, or an array of words without one',
  tsType: 'string | readonly string[]',
  schema: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'array', items: { type: 'string' }, minItems: 1 },
    ],
  },
  parse(raw) {
    const words: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
    const isCommand = words.every(isCleanText) && words[0] !== undefined && words[0].trim() !== '';
    return isCommand
      ? { value: typeof raw === 'string' ? raw : words }
      : { mismatch: { expected: 'a command: a string, or an array of strings', got: describe(raw), at: '' } };
  },
};

const url: Kind<string | null> = {
  ...kinds.string,
  label: 'URL with http or https',
  schema: { type: 'string', pattern: '^https?://' },
  parse: (raw) =>
    typeof raw === 'string' && /^https?:\/\//i.test(raw) && URL.canParse(raw)
      ? { value: raw }
      : { mismatch: { expected: 'a URL with http:// or https://', got: describe(raw), at: '' } },
};

const isEventKind = (raw: unknown): raw is EventKind => EVENT_KIND_NAMES.some((name) => name === raw);

const eventKinds: Kind<readonly EventKind[] | null> = {
  label: 'kinds of events',
  tsType: `readonly (${EVENT_KIND_NAMES.map((name) => `'${name}'`).join(' | ')})[]`,
  schema: { type: 'array', items: { enum: EVENT_KIND_NAMES }, minItems: 1 },
  parse(raw) {
    const names = EVENT_KIND_NAMES.join(', ');
    if (!Array.isArray(raw) || raw.length === 0) return { mismatch: { expected: `a list of ${names}`, got: describe(raw), at: '' } };
    const given: readonly unknown[] = raw;
    if (given.every(isEventKind)) return { value: given };
    const index = given.findIndex((name) => !isEventKind(name));
    const wrong = given[index];
    const nearest = typeof wrong === 'string' ? suggestion(wrong, EVENT_KIND_NAMES) : '';
    return { mismatch: { expected: `one of ${names}`, got: `${describe(wrong)}${nearest}`, at: `[${index}]` } };
  },
};

const HOOK_FIELDS = {
  run: { kind: command, default: null, defaultText: 'none', doc: 'command to run, with the event as JSON on stdin and in `LB_EVENT_…` variables' },
  url: { kind: url, default: null, defaultText: 'none', doc: 'URL to which the event is posted as JSON' },
  kinds: { kind: eventKinds, default: null, defaultText: 'all', doc: 'only events of these kinds' },
  severity: {
    kind: kinds.oneOf(SEVERITIES) as Kind<Severity | null>,
    default: null,
    defaultText: '"warn"; with `kinds` "info"',
    doc: 'only events of at least this severity',
  },
};

/** Hooks called for events. */
export const EVENT_OPTIONS = {
  on_event: withDefault({
    group: 'Events',
    kind: fieldsOrOff({ fields: HOOK_FIELDS, needsFields: true }),
    default: null,
    doc: 'call a command or URL of yours for events of this app, such as `{ url: "https://hooks.example/lb" }`',
    notes:
      'Needs `run` or `url`; if both are given, both are called. Each event is tried up to three times, for 10 s each. A hook that fails or hangs does not affect the app; see docs/events.md.',
    check: (hook) => (hook === null || hook.run !== null || hook.url !== null ? undefined : { expected: 'an object with run or url', got: 'neither', at: '' }),
  }),
};
