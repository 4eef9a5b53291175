/** What every fixture answers: who it is and how much of the request's body arrived. */
export interface AppIdentity {
  readonly version: string;
  readonly pid: number;
  readonly received: number;
  readonly slot?: string;
}

export type FailureKind = 'refused' | 'reset' | 'hung' | 'wrong' | 'other';

/** What became of the requests of a load, by kind. */
export interface Tally {
  served: number;
  /** ECONNREFUSED, or the Unix socket is not there. */
  refused: number;
  /** ECONNRESET, EPIPE, socket hang up, an answer cut short. */
  reset: number;
  /** No answer in time. */
  hung: number;
  /** A status other than 200, or a body that is not the app's. */
  wrong: number;
  other: Record<string, number>;
  /** Of the served ones. */
  maxMs: number;
  /** Served, by what the app calls its version. */
  versions: Record<string, number>;
  /** Served, by worker. */
  pids: Record<string, number>;
  /** The first failures, in words. */
  failures: string[];
}

export const emptyTally = (): Tally => ({ served: 0, refused: 0, reset: 0, hung: 0, wrong: 0, other: {}, maxMs: 0, versions: {}, pids: {}, failures: [] });

const RESET = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
const REFUSED = new Set(['ECONNREFUSED', 'ENOENT']);
const KEPT_FAILURES = 10;

const add = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

function note(tally: Tally, text: string): void {
  if (tally.failures.length < KEPT_FAILURES) tally.failures.push(text);
}

export function countServed(tally: Tally, identity: AppIdentity, ms: number): void {
  tally.served++;
  tally.maxMs = Math.max(tally.maxMs, ms);
  add(tally.versions, identity.version);
  add(tally.pids, String(identity.pid));
}

export function countHung(tally: Tally, detail: string): FailureKind {
  tally.hung++;
  note(tally, `hung: ${detail}`);
  return 'hung';
}

export function countWrong(tally: Tally, detail: string): FailureKind {
  tally.wrong++;
  note(tally, `wrong: ${detail}`);
  return 'wrong';
}

export function countError(tally: Tally, thrown: unknown, detail: string): FailureKind {
  const code = (thrown as { code?: unknown }).code;
  const name = typeof code === 'string' ? code : String(thrown);
  const kind = REFUSED.has(name) ? 'refused' : RESET.has(name) ? 'reset' : 'other';
  if (kind === 'other') add(tally.other, name);
  else tally[kind]++;
  note(tally, `${name}: ${detail}: ${thrown instanceof Error ? thrown.message : ''}`);
  return kind;
}

/** The identity in a body, or null when it is not a fixture's. */
export function parseIdentity(body: string): AppIdentity | null {
  try {
    const value = JSON.parse(body) as Partial<AppIdentity> | null;
    if (typeof value?.pid !== 'number' || typeof value.version !== 'string' || typeof value.received !== 'number') return null;
    return value as AppIdentity;
  } catch {
    return null;
  }
}

const otherCount = (tally: Tally): number => Object.values(tally.other).reduce((sum, count) => sum + count, 0);

/** Requests that got no proper answer. */
export const lost = (tally: Tally): number => tally.refused + tally.reset + tally.hung + tally.wrong + otherCount(tally);

export function describeTally(tally: Tally): string {
  const { served, refused, reset, hung, wrong, other, maxMs, versions, failures } = tally;
  const kinds = `served ${served}, refused ${refused}, reset ${reset}, hung ${hung}, wrong ${wrong}, other ${JSON.stringify(other)}`;
  const first = failures.length === 0 ? '' : `\nfirst failures:\n  ${failures.join('\n  ')}`;
  return `${kinds}, longest ${Math.round(maxMs)} ms, versions ${JSON.stringify(versions)}${first}`;
}

/** Every request was answered, and there were some. */
export function expectLossless(tally: Tally, what = 'load'): void {
  if (lost(tally) > 0) throw new Error(`${what}: expected no lost request, got ${lost(tally)}: ${describeTally(tally)}`);
  if (tally.served === 0) throw new Error(`${what}: nothing was served, so nothing was shown: ${describeTally(tally)}`);
}

/** At most so many requests failed, all of them with a reset; nothing was refused, hung or wrong. */
export function expectOnlyResets(tally: Tally, atMost: number, what = 'load'): void {
  if (lost(tally) !== tally.reset || tally.reset > atMost) {
    throw new Error(`${what}: expected at most ${atMost} resets and no other loss: ${describeTally(tally)}`);
  }
  if (tally.served === 0) throw new Error(`${what}: nothing was served, so nothing was shown: ${describeTally(tally)}`);
}
