import type { Channel } from '../client/request.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { fetchApps } from './apps.ts';
import type { Chosen } from './choose.ts';
import { chooseWithFiles } from './choose-with-files.ts';
import type { Context } from './context.ts';
import { forEachTarget } from './operation.ts';

export interface TargetRules {
  /** Which apps `all` and other groups select; a name always selects its app. */
  readonly ofAll: (app: AppSnapshot) => boolean;
  /** Printed when a group selects no app: "no app is running". */
  readonly none: string;
  /** In which order they are processed; default that of the words. */
  readonly inOrder?: (targets: readonly Target[]) => readonly Target[];
}

/** A target, or why a word is none. */
export type Target = Chosen<AppSnapshot> | LbError;

/** The apps of all words, each once, in their order; config files stand for their apps. */
export async function targetsOf(context: Context, apps: readonly AppSnapshot[], words: readonly string[], rules: TargetRules): Promise<readonly Target[]> {
  const found: Target[] = [];
  for (const word of words) found.push(...(await targetsOfWord(context, apps, word, rules)));
  const key = (target: Target): unknown => (target instanceof LbError ? target : `${target.slot ?? ''} ${target.app.name}`);
  return [...new Map(found.map((target) => [key(target), target])).values()];
}

async function targetsOfWord(context: Context, apps: readonly AppSnapshot[], word: string, { ofAll, none }: TargetRules): Promise<readonly Target[]> {
  try {
    const { chosen, isGroup } = await chooseWithFiles(context, apps, word);
    const selected = isGroup ? chosen.filter(({ app }) => ofAll(app)) : chosen;
    if (isGroup && selected.length === 0) context.note(none);
    return selected;
  } catch (error) {
    return [LbError.from(error)];
  }
}

/** Processes the apps that the words of the command line choose. Resolves with the exit code. */
export async function forEachApp(
  context: Context,
  channel: Channel,
  rules: TargetRules,
  work: (app: AppSnapshot, slot: number | null) => Promise<void>,
): Promise<number> {
  const found = await targetsOf(context, await fetchApps(channel), context.args, rules);
  const targets = rules.inOrder?.(found) ?? found;
  return await forEachTarget(context, targets, async (target) => {
    if (target instanceof LbError) throw target;
    await work(target.app, target.slot);
  });
}

/** What acts on whole apps does not act on one of several slots. @throws LbError LB_ERR_ONE_SLOT */
export function refuseSlot({ command }: Context, { name, ids = [] }: AppSnapshot, slot: number | null): void {
  if (slot !== null) throw new LbError('LB_ERR_ONE_SLOT', { id: ids[slot] ?? '', slot, app: name, slots: ids.length, action: command });
}
