import { appPath } from '../../client/request.ts';
import { EXIT } from '../../errors/registry.ts';
import type { Context } from '../context.ts';
import { ALL, appNamed, fetchApps } from '../targets.ts';
import { daemonFor } from '../daemon-of.ts';

/** Makes lb open log files anew, and resolves when nothing more is written to the old ones. */
export async function reopenLogs(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'read');
  try {
    const apps = await fetchApps(channel);
    const isForAll = context.args.length === 0 || context.args.includes(ALL);
    const chosen = isForAll ? apps : context.args.map((name) => appNamed(apps, name));
    await Promise.all(chosen.map(({ name }) => channel.json(appPath(name, 'reopen'), { method: 'POST' })));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}
