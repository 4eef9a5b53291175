import { parseApps, parseJson } from '../../client/parse.ts';
import { quickGet } from '../../client/quick-get.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { homePaths } from '../../system/paths.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { terminalWidth } from '../io.ts';
import { listView, workerListView } from '../output/list-view.ts';

export const list: Command = {
  operands: '',
  description:
    'Shows all apps, stopped ones too, and under each what goes on right now: a running operation, what still keeps a worker from leaving, slots that do not run.',
  options: [
    { flags: '-w, --workers', description: 'one line per worker: its share, its connections and its speed' },
    { flags: '--watch', description: 'show it anew every second until Ctrl-C; lb monit shows more' },
    JSON_OPTION,
  ],
  exits: ['daemon', 'interrupted'],
  examples: ['lb list', 'lb list --workers', 'lb list --watch', "lb list --json | jq '.[].name'"],
  run,
};

async function run(context: Context): Promise<number> {
  if (context.options['watch'] === true) return await (await import('../watch-list.ts')).watchList(context, show);
  return await show(context);
}

async function show(context: Context): Promise<number> {
  const apps = await fetchApps(context);
  if (context.json) context.print(JSON.stringify(apps ?? []));
  else if (apps !== null) {
    const view = context.options['workers'] === true ? workerListView : listView;
    context.io.stdout.write(view(apps, { width: terminalWidth(context.io.stdout), style: context.outStyle }));
  }
  if (apps === null) context.note(`no daemon runs for ${context.home}: "lb start <script>" starts one`);
  else if (apps.length === 0) context.note('no apps yet: "lb start <script>" starts one');
  return EXIT.ok;
}

/** Null when no daemon runs, and none will by itself. */
async function fetchApps({ address, home }: Context): Promise<AppSnapshot[] | null> {
  try {
    const { status, body } = await quickGet(address, '/v1/apps');
    if (status === 200) return parseApps(parseJson(body, 'list of apps'));
  } catch (error) {
    if (!(error instanceof LbError) || error.code !== 'LB_ERR_DAEMON_NOT_RUNNING') throw error;
    const { hasLivingPrimaries } = await import('../living-primaries.ts');
    if (hasLivingPrimaries(homePaths(home).primaries)) throw new LbError('LB_ERR_DAEMON_LOST');
    return null;
  }
  const { connect } = await import('../../client/connect.ts');
  const { channel } = await connect(address);
  try {
    return parseApps(await channel.json('/v1/apps'));
  } finally {
    channel.close();
  }
}
