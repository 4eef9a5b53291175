import type { Context } from './context.ts';

/** Prints what was done, unless the caller wants to hear of failures only. */
export function answer({ print, silent }: Context, text: string): void {
  if (!silent) print(text);
}
