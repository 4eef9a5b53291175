import { keysOf } from '../../lifecycle/keys-of.ts';
import { byteSize } from '../../lifecycle/wording.ts';
import type { ProcessLimits } from '../../protocol/snapshot.ts';

type Kind = keyof ProcessLimits;

const TEXT: { readonly [K in Kind]: (limit: number) => string } = {
  openFiles: (limit) => `${limit.toLocaleString('en')} open files`,
  processes: (limit) => `${limit.toLocaleString('en')} processes of the user`,
  coreBytes: (limit) => (limit === 0 ? 'no core files' : `core files of ${byteSize(limit)}`),
  lockedBytes: (limit) => `${byteSize(limit)} of locked memory`,
};
const KINDS = keysOf(TEXT);

/** The limits that there are: `20,000 open files, no core files`. */
export function limitsText(limits: ProcessLimits): string {
  const texts = KINDS.flatMap((kind) => {
    const limit = limits[kind];
    return limit === null ? [] : [TEXT[kind](limit)];
  });
  return texts.join(', ') || 'none';
}

/** Where an app gets less than a command started from this shell would; null if nowhere. */
export function lowerLimits(app: ProcessLimits, own: ProcessLimits): string | null {
  const lower = KINDS.flatMap((kind) => {
    const [theirs, ours] = [app[kind], own[kind]];
    if (theirs === null || (ours !== null && ours <= theirs)) return [];
    return [`${TEXT[kind](theirs)} (here: ${ours === null ? 'no limit' : TEXT[kind](ours)})`];
  });
  return lower.length === 0 ? null : lower.join(', ');
}
