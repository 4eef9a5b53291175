import { parseArgs } from 'node:util';
import { KINDS, parseSteps, planSteps, type Kind, type Step } from './plan.ts';

export const USAGE = `usage: npm run chaos -- [options]

Three apps under load, and one operation or fault after the other, chosen from a seed. Needs Linux and a build.

  --seed <n>           what to choose from (default: another one each time, printed)
  --minutes <m>        begin no step after this time (default: 2)
  --steps <n>          end after this many steps
  --only <kind,…>      choose from these kinds of actions alone
  --without <kind,…>   choose from all other kinds
  --replay "<steps>"   these steps instead, as a failed run prints them
  --shared             the plain apps share a primary, as they do by default
  --node <binary>      the Node.js that runs everything

Kinds: ${KINDS.join(', ')}.
Those that need root (a disk that is full) are skipped without it.
`;

export interface ChaosOptions {
  readonly help: boolean;
  readonly shared: boolean;
  readonly seed: number;
  readonly kinds: readonly Kind[];
  readonly steps: Iterable<Step>;
  readonly maxSteps: number;
  readonly maxMs: number;
  /** Null for the present one. */
  readonly node: string | null;
  /** The words that repeat this run, but for its length. */
  readonly words: readonly string[];
}

const DEFAULT_MINUTES = 2;

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name}: expected a whole number, got "${text}"`);
  return Number(text);
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--minutes: expected a number above 0, got "${text}"`);
  return value;
}

function kindsOf(text: string): Kind[] {
  const words = text.split(',');
  const unknown = words.find((word) => !KINDS.some((kind) => kind === word));
  if (unknown !== undefined) throw new Error(`no kind "${unknown}"; there are: ${KINDS.join(', ')}`);
  return KINDS.filter((kind) => words.includes(kind));
}

function chosenKinds(only: string | undefined, without: string | undefined): readonly Kind[] {
  const left = without === undefined ? [] : kindsOf(without);
  const kinds = (only === undefined ? KINDS : kindsOf(only)).filter((kind) => !left.includes(kind));
  if (kinds.length === 0) throw new Error('--without leaves no kind');
  return kinds;
}

/** @param anySeed for a run that names none. @throws Error with what is wrong */
export function parseOptions(args: readonly string[], anySeed: number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      steps: { type: 'string' },
      only: { type: 'string' },
      without: { type: 'string' },
      replay: { type: 'string' },
      node: { type: 'string' },
      shared: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seed = values.seed === undefined ? anySeed : wholeNumber('seed', values.seed);
  const kinds = chosenKinds(values.only, values.without);
  const replayed = values.replay === undefined ? null : parseSteps(values.replay);
  // So many steps are a whole run, however long they take.
  const isTimed = values.minutes !== undefined || (values.steps === undefined && replayed === null);
  const chosen = ['only', 'without'] as const;
  return {
    help: values.help,
    shared: values.shared,
    seed,
    kinds,
    steps: replayed ?? planSteps(seed, kinds),
    maxSteps: values.steps === undefined ? Infinity : wholeNumber('steps', values.steps),
    maxMs: isTimed ? minutes(values.minutes ?? String(DEFAULT_MINUTES)) * 60_000 : Infinity,
    node: values.node ?? null,
    words: [
      '--seed',
      String(seed),
      ...chosen.flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, values[name]])),
      ...(values.shared ? ['--shared'] : []),
    ],
  };
}
