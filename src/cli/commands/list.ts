import { EXIT } from '../../errors/registry.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';
import { idleHome } from '../idle-home.ts';
import { listing } from '../listing.ts';
import { listOrder, type ListOrder } from '../output/list-order.ts';
import { miniList } from '../output/mini-list.ts';
import { otherDaemonLines } from '../other-daemons.ts';

export const list: Command = {
  operands: '',
  description:
    'Shows all apps, including stopped ones, and below each what is happening now: a running operation, what a draining worker is waiting for, slots without a running worker.',
  options: [
    { flags: '-w, --workers', description: 'one line per worker, with its weight, connections and latency' },
    { flags: '--watch', description: 'update the list every second until Ctrl-C; "lb monit" shows more' },
    { flags: '-m, --mini-list', description: 'one line per app without head and notes: ids, state, ready, restarts, uptime, cpu, memory, name' },
    { flags: '--sort <field>', description: 'sort by a column, such as memory, cpu:desc or id (default: name)', parse: listOrder },
    JSON_OPTION,
  ],
  exits: ['daemon', 'interrupted'],
  examples: ['lb list', 'lb list --workers', 'lb list --watch', 'lb list --sort memory:desc', "lb list --json | jq '.[].name'"],
  run,
};

async function run(context: Context): Promise<number> {
  if (context.options['watch'] === true) return await (await import('../watch-list.ts')).watchList(context, show);
  return await show(context);
}

async function show(context: Context): Promise<number> {
  const { sort, miniList: isMini } = context.options as { readonly sort?: ListOrder; readonly miniList?: boolean };
  const shown = { ...(sort === undefined ? {} : { order: sort }), ...(isMini === true ? { view: miniList } : {}) };
  const { path, read, programs } = listing(context, shown);
  const answer = await ask(context, path);
  if (answer === null) {
    if (context.json) context.print('[]');
    const idle = idleHome(context.home);
    for (const line of idle) context.note(line);
    if (idle.length === 0) context.note(`no daemon is running for ${context.home}; start one with "lb start <script>"`);
    noteOthers(context);
    return EXIT.ok;
  }
  const { count, text, notes } = read(answer);
  context.io.stdout.write(text);
  for (const line of [...notes, ...(await programs(answer))]) context.note(line);
  if (count === 0) {
    context.note('no apps yet; start one with "lb start <script>"');
    noteOthers(context);
  }
  return EXIT.ok;
}

function noteOthers({ io, note }: Context): void {
  for (const line of otherDaemonLines('list', io.env)) note(line);
}

/** Null if nothing is running. */
async function ask(context: Context, path: string): Promise<unknown> {
  const connection = await reachedDaemon(context, 'read');
  if (connection === null) return null;
  try {
    return await connection.channel.json(path);
  } finally {
    connection.channel.close();
  }
}
