import { choose, onlyOne, type Choice, type Chosen, type Named } from './choose.ts';
import type { Context } from './context.ts';
import { isConfigTarget, namesInFile } from './resolve.ts';

/** As `choose`, and an existing config file stands for those of its apps that are defined. */
export async function chooseWithFiles<A extends Named>(context: Context, apps: readonly A[], word: string): Promise<Choice<A>> {
  if (!isConfigTarget(context, word)) return choose(apps, word);
  const names = await namesInFile(context, word);
  const unknown = names.filter((name) => apps.every((app) => app.name !== name));
  if (unknown.length > 0) context.note(`not defined: ${unknown.join(', ')}`);
  return { chosen: names.flatMap((name) => apps.filter((app) => app.name === name).map((app) => ({ app, slot: null }))), isGroup: false };
}

/** What all words stand for, each by itself. */
export async function chooseAll<A extends Named>(context: Context, apps: readonly A[], words: readonly string[]): Promise<readonly Chosen<A>[]> {
  const found: Chosen<A>[] = [];
  for (const word of words) found.push(...(await chooseWithFiles(context, apps, word)).chosen);
  return found;
}

/** The one app for which the first word stands. @throws LbError also for a word that stands for several */
export const chooseOne = async <A extends Named>(context: Context, apps: readonly A[], word = context.args[0] ?? ''): Promise<Chosen<A>> =>
  onlyOne(word, await chooseWithFiles(context, apps, word));
