import type { AppSpec } from './app-spec.ts';
import { megabytes } from './wording.ts';

const MIB = 1024 ** 2;
const OLD_SPACE = /^--max[-_]old[-_]space[-_]size=(\d+)$/;
/** What a process of Node.js uses beside its JavaScript heap, at least. */
const BESIDE_HEAP_BYTES = 64 * MIB;

/** The limit of the JavaScript heap that a definition sets; null for V8's own. */
export function definedHeapLimit({ nodeArgs, env }: { readonly nodeArgs: readonly string[]; readonly env?: AppSpec['env'] }): number | null {
  const given = [...(env?.['NODE_OPTIONS'] ?? '').split(/\s+/), ...nodeArgs];
  const megabytesGiven = given.flatMap((arg) => OLD_SPACE.exec(arg)?.[1] ?? []).at(-1);
  return megabytesGiven === undefined ? null : Number(megabytesGiven) * MIB;
}

/** Why `max_memory_restart` never acts on a leak of JavaScript objects; null if it does. */
export function heapWarning({ maxMemoryBytes }: Pick<AppSpec, 'maxMemoryBytes'>, heapLimitBytes: number | null): string | null {
  if (maxMemoryBytes === null || heapLimitBytes === null || maxMemoryBytes <= heapLimitBytes + BESIDE_HEAP_BYTES) return null;
  return `max_memory_restart (${megabytes(maxMemoryBytes)}) is above V8's heap limit (${megabytes(heapLimitBytes)}): a worker that leaks crashes before it is replaced. Raise --max-old-space-size in node_args, or lower max_memory_restart`;
}
