import { appPath } from '../../client/request.ts';
import { EXIT } from '../../errors/registry.ts';
import type { Context } from '../context.ts';
import { fetchApps } from '../apps.ts';
import { ALL } from '../choose.ts';
import { chooseAll } from '../choose-with-files.ts';
import { daemonFor } from '../daemon-of.ts';

/** Makes lb open log files anew, and resolves when nothing more is written to the old ones. */
export async function reopenLogs(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'read');
  try {
    const apps = await fetchApps(channel);
    const words = context.args.length === 0 ? [ALL] : context.args;
    const names = new Set((await chooseAll(context, apps, words)).map(({ app }) => app.name));
    await Promise.all([...names].map((name) => channel.json(appPath(name, 'reopen'), { method: 'POST' })));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}
