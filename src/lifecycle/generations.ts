import { plural } from './wording.ts';

/** The file of an app's script. */
export interface ScriptFile {
  /** Where the paths of the definition lead. */
  readonly script: string;
  readonly cwd: string;
  readonly inode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * What became of the files that a generation was started from:
 * - `same`: they are as they were.
 * - `moved`: the definition's path leads to other ones now, through a link, and the old ones are still there.
 * - `changed`: they were overwritten or removed, so this generation cannot be started again.
 */
export const FILE_STATES = ['same', 'moved', 'changed'] as const;
export type FileState = (typeof FILE_STATES)[number];

/** The slots whose worker belongs to one generation. */
export interface GenerationFacts {
  readonly generation: number;
  readonly slots: readonly number[];
  readonly files: FileState;
}

/**
 * @param then as it was when the generation started; null if it could not be read
 * @param leadsTo what the definition's path leads to now
 * @param there what is now at the path where it was
 */
export function fileState(then: ScriptFile | null, leadsTo: ScriptFile | null, there: ScriptFile | null): FileState {
  // Nothing is known of a script that could not be read.
  if (then === null) return 'same';
  if (!isSame(then, there)) return 'changed';
  return leadsTo?.script === then.script ? 'same' : 'moved';
}

const isSame = (a: ScriptFile, b: ScriptFile | null): boolean =>
  b !== null && a.script === b.script && a.inode === b.inode && a.bytes === b.bytes && a.modifiedMs === b.modifiedMs;

/** Groups the workers that serve a slot, oldest generation last. */
export function groupByGeneration(
  workers: readonly { readonly slot: number; readonly generation: number }[],
  filesOf: (generation: number) => FileState,
): GenerationFacts[] {
  const generations = [...new Set(workers.map(({ generation }) => generation))].sort((a, b) => b - a);
  return generations.map((generation) => {
    const slots = new Set(workers.filter((worker) => worker.generation === generation).map(({ slot }) => slot));
    return { generation, slots: [...slots].sort((a, b) => a - b), files: filesOf(generation) };
  });
}

/** Whether somebody should know: several generations serve, or an old one that cannot be started again. */
export function isNoteworthy(facts: readonly GenerationFacts[], newest: number): boolean {
  return facts.length > 1 || facts.some(({ generation, files }) => generation !== newest && files === 'changed');
}

/** `slots 0 and 1 run generation 5, slot 2 runs generation 4, whose files have changed on disk since: it cannot be started again`. */
export function describeGenerations(facts: readonly GenerationFacts[], newest: number): string {
  return facts
    .map(({ generation, slots, files }) => {
      const lost = generation !== newest && files === 'changed' ? ', whose files have changed on disk since: it cannot be started again' : '';
      return `${describeSlots(slots)} ${slots.length === 1 ? 'runs' : 'run'} generation ${generation}${lost}`;
    })
    .join('; ');
}

function describeSlots(slots: readonly number[]): string {
  const last = slots.at(-1);
  const list = slots.length < 2 ? String(last) : `${slots.slice(0, -1).join(', ')} and ${last}`;
  return `${plural(slots.length, 'slot').replace(/^\d+ /, '')} ${list}`;
}

/** Who serves after a reload that failed: an independent clause. */
export function describeServing(facts: readonly GenerationFacts[], { before, newest }: { readonly before: number; readonly newest: number }): string {
  const [only, ...more] = facts;
  if (only === undefined) return 'no worker is serving';
  if (more.length > 0 || only.generation !== before) return describeGenerations(facts, newest);
  const serving = 'the previous version is still serving';
  if (only.files !== 'changed') return serving;
  return `${serving}, but its files have changed on disk: a worker that restarts runs the new ones`;
}
