import { resolve } from 'node:path';
import { connectIfRunning } from '../client/connect.ts';
import { programWord } from '../config/command/program-word.ts';
import { isFile } from '../config/command/project-files.ts';
import { LbError, shellWord } from '../errors/lb-error.ts';
import type { Context } from './context.ts';
import { existingDirectory } from './io.ts';
import { fetchApps } from './apps.ts';

/** `lb start npx tsx app.ts` gives the words of one command; as targets each would be an app of its own. @throws LbError LB_ERR_USAGE */
export async function refuseLooseCommand(context: Context): Promise<void> {
  const { args, io, appArgs } = context;
  const [first, second] = args;
  const cwd = existingDirectory(io);
  if (first === undefined || second === undefined || cwd === null) return;
  const kind = await programWord(first, cwd);
  if (kind === null || (await isFile(resolve(cwd, first)))) return;
  if (kind === 'installed' && ((await isFile(resolve(cwd, second))) || (await isApp(context, first)))) return;
  const words = [...args, ...appArgs].join(' ');
  const problem = `${args.map((word) => `"${word}"`).join(', ')} would be ${args.length} apps; to start one command, quote it: lb ${context.command} ${shellWord(words)}`;
  throw new LbError('LB_ERR_USAGE', { problem });
}

async function isApp(context: Context, name: string): Promise<boolean> {
  const connection = await connectIfRunning(context.address);
  if (connection === null) return false;
  try {
    return (await fetchApps(connection.channel)).some((app) => app.name === name);
  } finally {
    connection.channel.close();
  }
}
