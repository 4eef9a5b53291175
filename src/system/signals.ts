import { constants } from 'node:os';
import { LbError } from '../errors/lb-error.ts';

/** Parses a signal: `HUP`, `SIGHUP`, `sighup`, `1`. @throws LbError LB_ERR_USAGE with suggestions */
export function parseSignal(text: string): NodeJS.Signals {
  const wanted = text.trim().toUpperCase();
  const names = Object.keys(constants.signals).filter(isSignal);
  const signal = names.find((name) => name === wanted || name === `SIG${wanted}` || String(constants.signals[name]) === wanted);
  if (signal === undefined) throw new LbError('LB_ERR_USAGE', { problem: `unknown signal "${text}"; ${suggestion(wanted, names)}` });
  return signal;
}

export const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name);

function suggestion(wanted: string, names: readonly string[]): string {
  const bare = wanted.replace(/^SIG/, '');
  const near = names.filter((name) => bare !== '' && distance(bare, name.slice(3)) <= (bare.length > 3 ? 2 : 1));
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known signals: ${names.join(', ')}`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
