import { findTool } from './project-files.ts';
import { understand } from './understand.ts';

/** What a word begins, if it begins a command: a runner such as `npm` or `tsx`, or a program of the project's dependencies. */
export async function programWord(word: string, cwd: string): Promise<'runner' | 'installed' | null> {
  if (!/^[a-z][\w-]*$/.test(word)) return null;
  if (understand([word]).meaning.kind !== 'tool') return 'runner';
  return (await findTool(word, cwd, '')) === undefined ? null : 'installed';
}
