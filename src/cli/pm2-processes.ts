import { userInfo } from 'node:os';
import { fetchEnv } from '../client/env.ts';
import { packageOf } from '../config/command/project-files.ts';
import { fetchApps } from './apps.ts';
import type { Context } from './context.ts';
import { reachedDaemon } from './daemon-of.ts';
import { pm2Processes, type Pm2Process } from './output/pm2-process.ts';

/** The processes of all apps by id; none without a daemon. */
export async function allProcesses(context: Context): Promise<readonly Pm2Process[]> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) return [];
  const { channel } = connection;
  try {
    const apps = await fetchApps(channel);
    const username = userName();
    const processes = await Promise.all(
      apps.map(async (app) => {
        const [env, found] = await Promise.all([fetchEnv(channel, app.name), packageOf(app.spec.cwd)]);
        return pm2Processes(app, { env, version: found?.version ?? null, username });
      }),
    );
    return processes.flat().sort((a, b) => a.pm_id - b.pm_id);
  } finally {
    channel.close();
  }
}

/** Containers run users without an entry in the table of users. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
