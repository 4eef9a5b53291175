/** What becomes of a bad version. `test/process/deploys.test.ts` tries every cell; `docs/deploys.md` has the same table. */

/** How the files of a new version get to where the app's script is. */
export const DEPLOYS = ['in place', 'release folder'] as const;
export type Deploy = (typeof DEPLOYS)[number];

const SERVING = {
  old: 'the old version, in every slot',
  new: 'the new version, in every slot',
  mixed: 'the new version in the slots that were replaced, crashing and restarting; the old one in the others',
  crashing: 'the new version, in every slot, crashing and restarting',
  recycled: 'the new version, in every slot; each worker is replaced at its memory limit',
} as const;

interface Outcome {
  readonly exitCode: 0 | 1;
  readonly serves: keyof typeof SERVING;
}

/** Counted by the load of the test. */
type Loss = 'wrong' | 'reset' | 'hung';

export interface BadVersion {
  readonly title: string;
  readonly fixture: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the reload says. */
  readonly says: RegExp;
  readonly outcomes: Readonly<Record<Deploy, Outcome>>;
  /** What clients may see of it. */
  readonly loses: readonly Loss[];
  readonly lost: string;
  /** It is told to throw when this has passed. */
  readonly throwsAfter?: 'canary' | 'reload';
  /** At most one worker ever ran it. */
  readonly stopsAtCanary: boolean;
}

const OLD: Outcome = { exitCode: 1, serves: 'old' };
const BOTH_OLD = { 'in place': OLD, 'release folder': OLD };

/** @param wrongPort any port that the app does not use */
export const badVersions = (wrongPort: number): readonly BadVersion[] => [
  {
    title: 'throws at boot',
    fixture: 'crash-at-boot.cjs',
    env: {},
    says: /no database at boot/,
    outcomes: BOTH_OLD,
    loses: [],
    lost: 'nothing',
    stopsAtCanary: true,
  },
  {
    title: 'throws later, while the reload is still running',
    fixture: 'crash-when-told.cjs',
    env: {},
    throwsAfter: 'canary',
    says: /fell over once it was ready/,
    outcomes: { 'in place': { exitCode: 1, serves: 'mixed' }, 'release folder': OLD },
    loses: ['reset'],
    lost: 'requests in progress in each worker that throws',
    stopsAtCanary: false,
  },
  {
    title: 'throws after the reload',
    fixture: 'crash-when-told.cjs',
    env: {},
    throwsAfter: 'reload',
    says: /reloaded, generation 2/,
    outcomes: { 'in place': { exitCode: 0, serves: 'crashing' }, 'release folder': { exitCode: 0, serves: 'crashing' } },
    loses: ['reset'],
    lost: 'requests in progress in each worker that throws',
    stopsAtCanary: false,
  },
  {
    title: 'answers 500 to every request',
    fixture: 'answers-5xx.cjs',
    env: {},
    says: /worker 0 of generation 2 answered (\d+) of \1 requests with 5xx, its peers 0 of \d+/,
    outcomes: BOTH_OLD,
    loses: ['wrong'],
    lost: 'what the canary answered',
    stopsAtCanary: true,
  },
  {
    title: 'takes requests and never answers',
    fixture: 'never-answers.cjs',
    env: {},
    says: /worker 0 of generation 2 left (\d+) of \1 requests without an answer, its peers 0 of \d+/,
    outcomes: BOTH_OLD,
    loses: ['hung', 'reset'],
    lost: 'what the canary took; cut at `kill_timeout`',
    stopsAtCanary: true,
  },
  {
    title: 'leaks memory (with `max_memory_restart`)',
    fixture: 'leaks-with-each-request.cjs',
    env: { LEAK_MB: '4' },
    says: /reloaded, generation 2/,
    outcomes: { 'in place': { exitCode: 0, serves: 'recycled' }, 'release folder': { exitCode: 0, serves: 'recycled' } },
    loses: [],
    lost: 'nothing',
    stopsAtCanary: false,
  },
  {
    title: 'listens on another port',
    fixture: 'plain-http.cjs',
    env: { PORT: String(wrongPort) },
    says: /not listening on \*:\d+, as the worker before it does/,
    outcomes: BOTH_OLD,
    loses: [],
    lost: 'nothing',
    stopsAtCanary: true,
  },
  {
    title: 'loses its database: 503 to half of the requests',
    fixture: 'answers-5xx.cjs',
    env: { STATUS: '503', EVERY: '2' },
    says: /worker 0 of generation 2 answered \d+ of \d+ requests with 5xx, its peers 0 of \d+/,
    outcomes: BOTH_OLD,
    loses: ['wrong'],
    lost: 'what the canary answered with 503',
    stopsAtCanary: true,
  },
];

/** The rows of the table in the documentation. */
export function tableOfDeploys(): string {
  const header = ['a new version that …', ...DEPLOYS.map((deploy) => `${deploy}: exit code, and who serves`), 'clients lose'];
  const rows = badVersions(0).map(({ title, outcomes, lost }) => [
    title,
    ...DEPLOYS.map((deploy) => `${outcomes[deploy].exitCode}: ${SERVING[outcomes[deploy].serves]}`),
    lost,
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
