import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { appPath } from '../client/request.ts';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import { normalName } from '../lifecycle/app-name.ts';
import { byteSize } from '../lifecycle/wording.ts';
import type { ResultRecord } from '../protocol/control.ts';
import { PROFILE_TITLES, type ProfileBody, type ProfileKind } from '../protocol/profile.ts';
import { moveFile } from '../system/move-file.ts';
import { homePaths } from '../system/paths.ts';
import type { Context } from './context.ts';
import { forEachTarget, runOperation } from './operation.ts';
import { fetchApps } from './apps.ts';
import { chooseOne } from './choose-with-files.ts';
import { textOption } from './values.ts';
import { daemonFor } from './daemon-of.ts';

type Success = Extract<ResultRecord, { ok: true }>;

const HOW_TO_OPEN: Readonly<Record<ProfileKind, string>> = {
  cpu: "open it in Chrome's DevTools (chrome://inspect, Open dedicated DevTools for Node), Performance, Load profile; or in VS Code",
  heap: "open it in Chrome's DevTools, Memory, Load profile; it contains everything the app has in memory, including secrets",
  'heap-sampling': "open it in Chrome's DevTools, Memory, Load profile; or in VS Code",
  report: 'it is JSON and contains the environment of the worker, including secrets',
};

const DIRECTORY_PROBLEMS: Readonly<Record<string, (directory: string) => string>> = {
  ENOENT: (directory) => `no such directory: ${directory}`,
  ENOTDIR: (directory) => `${directory} is not a directory`,
  EACCES: (directory) => `no permission to write to ${directory}`,
};

/** Takes a profile of one worker and prints its path. Resolves with the exit code. */
export async function takeProfile(context: Context, body: Omit<ProfileBody, 'slot'>): Promise<number> {
  const target = context.args[0] ?? '';
  if (target === '' || target.startsWith(':')) throw usage(`expected an app name, optionally with a slot such as api:0, got "${target}"`);
  const output = outputOf(context);
  const { channel } = await daemonFor(context, 'read');
  try {
    return await forEachTarget(context, [target], async () => {
      const apps = await fetchApps(channel);
      const { word, slot: given } = parseTarget(target, apps);
      const chosen = await chooseOne(context, apps, word);
      const { name } = chosen.app;
      const slot = given ?? chosen.slot;
      await runOperation(context, channel, {
        title: `${PROFILE_TITLES[body.what]} of "${name}"`,
        method: 'POST',
        path: appPath(name, 'profile'),
        body: { ...body, ...(slot === null ? {} : { slot }), ...(output === null ? {} : { output }) },
        left: `the file will be in ${output ?? homePaths(context.home).profiles}`,
        finish: (result) => finish(context, result, output),
      });
    });
  } finally {
    channel.close();
  }
}

const usage = (problem: string): LbError => new LbError('LB_ERR_USAGE', { problem });

/** `api`, `api:1`; a name with a colon, such as `api:3000`, stands for its app. @throws LbError LB_ERR_USAGE */
function parseTarget(text: string, apps: readonly { readonly name: string }[]): { readonly word: string; readonly slot: number | undefined } {
  const [, word, slot] = /^(.*):(.*)$/s.exec(text) ?? [];
  if (word === undefined || slot === undefined || apps.some((app) => app.name === normalName(text))) return { word: text, slot: undefined };
  if (/^\d{1,6}$/.test(slot)) return { word, slot: Number(slot) };
  throw usage(`expected a slot number after "${word}:", such as ${word}:0, got "${slot}"`);
}

/** The path of `--output`; null without it. Checked before the work begins. @throws LbError LB_ERR_USAGE */
function outputOf({ options, io }: Context): string | null {
  const given = textOption(options, 'output');
  if (given === undefined) return null;
  const path = isAbsolute(given) ? given : resolve(io.cwd, given);
  const fail = (why: string): never => {
    throw new LbError('LB_ERR_USAGE', { problem: `--output ${given}: ${why}` });
  };
  const problem = problemOf(dirname(path));
  if (problem !== null) fail(problem);
  if (existsSync(path) && statSync(path).isDirectory()) fail('it is a directory');
  return path;
}

/** Why a directory can't take the file; null if it can. */
function problemOf(directory: string): string | null {
  try {
    if (!statSync(directory).isDirectory()) return `${directory} is not a directory`;
    accessSync(directory, constants.W_OK);
    return null;
  } catch (error) {
    return DIRECTORY_PROBLEMS[errnoOf(error) ?? '']?.(directory) ?? messageOf(error);
  }
}

/** The path alone goes to stdout, for scripts. */
async function finish(context: Context, result: Success, output: string | null): Promise<Success> {
  const { file } = result;
  if (file === undefined) return result;
  // The primary may lack permission to write in the caller's directory.
  if (output !== null && output !== file.path) await moveFile(file.path, output);
  const path = output ?? file.path;
  if (!context.json) context.note(`${byteSize(file.bytes)}; ${HOW_TO_OPEN[file.what]}`);
  return { ...result, message: path, file: { ...file, path } };
}
