import { xorshift } from '../../src/balancing/xorshift.ts';

/** What a chaos run does, chosen from its seed alone: neither the clock nor the state of the apps has a say, so that a run can be repeated. */

/** Of cluster workers; one plain worker; one plain worker that forks a cluster of its own. */
export const CHAOS_APPS = ['cluster', 'plain', 'members'] as const;
export type ChaosApp = (typeof CHAOS_APPS)[number];

type Random = () => number;

interface KindRule {
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** The apps it may happen to; none for what happens to the daemon or to the home. */
  readonly apps?: readonly ChaosApp[];
  readonly value?: (random: Random) => string;
  /** At most one of the kinds with the same need in a step. */
  readonly needs?: string;
}

const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const oneOf =
  (...values: readonly (string | number)[]) =>
  (random: Random): string =>
    String(pick(random, values));
/** Which of the workers, counted from the lowest slot; taken modulo their number. */
const which = oneOf(0, 1, 2, 3);
const shortMs = oneOf(200, 500, 1000, 1500);

const RULES = {
  // Operations.
  reload: { weight: 6, apps: CHAOS_APPS },
  restart: { weight: 2, apps: CHAOS_APPS },
  scale: { weight: 5, apps: ['cluster'], value: oneOf(1, 2, 3, 4) },
  weight: { weight: 2, apps: ['cluster'], value: oneOf('0=0.2', '0=1', '0=3') },
  balance: { weight: 3, apps: ['cluster'], value: oneOf('auto', 'round-robin', 'least-connections', 'ip-hash', 'random', 'direct') },
  'stop-bystander': { weight: 3, needs: 'bystander' },
  'reopen-logs': { weight: 2 },
  // Faults of processes.
  'kill-worker': { weight: 6, apps: CHAOS_APPS, value: which },
  'kill-workers': { weight: 3, apps: CHAOS_APPS },
  'kill-member': { weight: 2, apps: ['members'], value: which },
  'kill-primary': { weight: 6, apps: CHAOS_APPS },
  'kill-daemon': { weight: 6 },
  'kill-daemon-and-primary': { weight: 2, apps: CHAOS_APPS },
  'pause-worker': { weight: 3, apps: CHAOS_APPS, value: shortMs, needs: 'paused-worker' },
  'pause-primary': { weight: 3, apps: CHAOS_APPS, value: shortMs, needs: 'paused-primary' },
  'pause-daemon': { weight: 2, value: shortMs, needs: 'paused-daemon' },
  'hang-worker': { weight: 3, apps: ['cluster', 'plain'], value: which },
  'stop-worker': { weight: 2, apps: ['cluster', 'plain'], value: which, needs: 'paused-worker' },
  'hang-primary': { weight: 1, apps: CHAOS_APPS, needs: 'inspector' },
  'stop-primary': { weight: 1, apps: CHAOS_APPS, needs: 'paused-primary' },
  'hang-daemon': { weight: 1, needs: 'inspector' },
  'stop-daemon': { weight: 1, needs: 'paused-daemon' },
  // Faults of the machine.
  'home-unwritable': { weight: 3, value: shortMs, needs: 'home' },
  'log-unwritable': { weight: 3, value: shortMs, needs: 'home' },
  'disk-full': { weight: 3, value: shortMs, needs: 'home' },
  'delete-socket': { weight: 2, needs: 'home' },
  balloon: { weight: 2, apps: ['cluster', 'plain'] },
  // Clients.
  burst: { weight: 3, apps: CHAOS_APPS, value: oneOf(100, 300, 600) },
  'hang-up': { weight: 3, apps: CHAOS_APPS, value: oneOf(10, 40) },
} as const satisfies Record<string, KindRule>;

export type Kind = keyof typeof RULES;
const isKind = (word: string): word is Kind => Object.hasOwn(RULES, word);
export const KINDS = Object.keys(RULES).filter(isKind);
const ruleOf = (kind: Kind): KindRule => RULES[kind];

export interface Action {
  readonly kind: Kind;
  readonly app: ChaosApp | null;
  readonly value: string | null;
  /** After the action before it in its step. */
  readonly afterMs: number;
}

/** Actions that overlap. */
export type Step = readonly Action[];

const AFTER_MS = [0, 0, 50, 200, 500, 1000] as const;
const SHARE_OF_PAIRS = 0.5;

function chooseKind(random: Random, kinds: readonly Kind[]): Kind {
  let left = random() * kinds.reduce((sum, kind) => sum + ruleOf(kind).weight, 0);
  return kinds.find((kind) => (left -= ruleOf(kind).weight) < 0) ?? (kinds.at(-1) as Kind);
}

function choose(random: Random, kinds: readonly Kind[], afterMs: number): Action {
  const kind = chooseKind(random, kinds);
  const { apps, value } = ruleOf(kind);
  return { kind, app: apps === undefined ? null : pick(random, apps), value: value?.(random) ?? null, afterMs };
}

/** Whether the second may happen while the first does. */
function goesWith(first: Kind, second: Kind): boolean {
  const { needs } = ruleOf(first);
  return needs === undefined || ruleOf(second).needs !== needs;
}

/** Seeds that are near each other give runs that have nothing in common. */
function randomOf(seed: number): Random {
  const random = xorshift(Math.imul(seed + 1, 0x9e3779b1));
  for (let i = 0; i < 8; i++) random();
  return random;
}

/** The steps of a seed, without end. @param kinds at least one */
export function* planSteps(seed: number, kinds: readonly Kind[] = KINDS): Generator<Step, never> {
  const random = randomOf(seed);
  for (;;) {
    const first = choose(random, kinds, 0);
    const others = kinds.filter((kind) => goesWith(first.kind, kind));
    const isPair = random() < SHARE_OF_PAIRS && others.length > 0;
    yield isPair ? [first, choose(random, others, pick(random, AFTER_MS))] : [first];
  }
}

const formatAction = ({ kind, app, value, afterMs }: Action): string =>
  [kind, app, value, afterMs === 0 ? null : `+${afterMs}ms`].filter((word) => word !== null).join(' ');

/** `reload cluster & kill-worker cluster 1 +200ms; kill-daemon`. */
export const formatSteps = (steps: readonly Step[]): string => steps.map((step) => step.map(formatAction).join(' & ')).join('; ');

function parseAction(text: string): Action {
  const [kind = '', ...words] = text.trim().split(/\s+/);
  if (!isKind(kind)) throw new Error(`no action "${kind}"; there are: ${KINDS.join(', ')}`);
  const rule = ruleOf(kind);
  const after = /^\+(\d{1,6})ms$/.exec(words.at(-1) ?? '');
  if (after !== null) words.pop();
  const app =
    rule.apps === undefined
      ? null
      : (rule.apps.find((name) => name === words[0]) ?? fail(`${kind}: expected one of ${rule.apps.join(', ')}, got "${words[0] ?? ''}"`));
  if (app !== null) words.shift();
  const value = rule.value === undefined ? null : (words.shift() ?? fail(`${kind}: expected a value after it`));
  if (words.length > 0) fail(`${kind}: nothing may follow it but +<n>ms, got "${words.join(' ')}"`);
  return { kind, app, value, afterMs: Number(after?.[1] ?? 0) };
}

function fail(problem: string): never {
  throw new Error(problem);
}

/** The opposite of `formatSteps`. @throws Error with what is wrong */
export const parseSteps = (text: string): Step[] => text.split(';').map((step) => step.split('&').map(parseAction));
