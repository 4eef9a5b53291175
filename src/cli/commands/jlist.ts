import { userInfo } from 'node:os';
import { inspect } from 'node:util';
import { fetchEnv } from '../../client/env.ts';
import { packageOf } from '../../config/command/project-files.ts';
import { EXIT } from '../../errors/registry.ts';
import { fetchApps } from '../apps.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';
import { pm2Processes, type Pm2Process } from '../output/pm2-process.ts';

/** Without a newline at the end, as PM2 prints it. */
const printing =
  (textOf: (processes: readonly Pm2Process[]) => string): Command['run'] =>
  async (context) => {
    context.io.stdout.write(textOf(await allProcesses(context)));
    return EXIT.ok;
  };

export const jlist: Command = {
  operands: '',
  description:
    'Prints one JSON array with an object per slot, in the shape of "pm2 jlist": on one line, ordered by id. For other scripts, "lb list --json" says more.',
  options: [],
  exits: ['daemon'],
  examples: [`lb jlist | jq -r '.[] | select(.name == "api") | .pm2_env.status'`],
  run: printing((processes) => JSON.stringify(processes)),
};

export const prettylist: Command = {
  operands: '',
  description: 'Prints what "lb jlist" prints, for people to read.',
  options: [],
  exits: ['daemon'],
  examples: ['lb prettylist'],
  run: printing((processes) => inspect(processes, { depth: null })),
};

/** The processes of all apps by id; none without a daemon. */
async function allProcesses(context: Context): Promise<readonly Pm2Process[]> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) return [];
  const { channel } = connection;
  try {
    const apps = await fetchApps(channel);
    const { username } = userInfo();
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
