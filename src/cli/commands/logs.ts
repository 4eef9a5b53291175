import { connect } from '../../client/connect.ts';
import { parseLogLines } from '../../client/parse.ts';
import { appPath, type Channel } from '../../client/request.ts';
import { subscribeLogs } from '../../client/subscribe.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { LogLine } from '../../protocol/control.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { Interrupted } from '../interrupted.ts';
import { logLineView } from '../output/log-view.ts';
import { appNamed, fetchApps } from '../targets.ts';
import { numberOption, wholeNumber } from '../values.ts';

const DEFAULT_LINES = 15;

export const logs: Command = {
  operands: '[app]',
  description: 'Shows the last log lines of one app or of all, then follows until Ctrl-C. Lines that the app wrote to stderr also go to stdout.',
  options: [
    { flags: '--lines <n>', description: `number of past lines to show (default: ${DEFAULT_LINES})`, parse: wholeNumber },
    { flags: '--no-follow', description: 'exit after the past lines' },
    { flags: '--reopen', description: 'show nothing; open the log files anew, after logrotate has renamed them' },
    { flags: '--out', description: 'only what the workers wrote to stdout' },
    { flags: '--err', description: 'only what the workers wrote to stderr' },
    { ...JSON_OPTION, description: 'print one JSON object per line' },
  ],
  exits: ['notFound', 'daemon', 'interrupted'],
  examples: ['lb logs', 'lb logs api --lines 100 --no-follow', 'lb logs api --err --json | jq -r .text', 'lb logs --reopen'],
  run,
};

async function run(context: Context): Promise<number> {
  const [app] = context.args;
  const lines = numberOption(context.options, 'lines') ?? DEFAULT_LINES;
  if (context.options['out'] === true && context.options['err'] === true) {
    throw new LbError('LB_ERR_USAGE', { problem: '--out and --err cannot be combined; omit both to see all lines' });
  }
  const { channel } = await connect(context.address);
  try {
    const apps = await fetchApps(channel);
    const chosen = app === undefined ? apps : [appNamed(apps, app)];
    if (context.options['reopen'] === true) {
      await Promise.all(chosen.map(({ name }) => channel.json(appPath(name, 'reopen'), { method: 'POST' })));
      return EXIT.ok;
    }
    if (context.options['follow'] === false) await printRecent(context, channel, chosen, lines);
    else {
      if (app !== undefined) await printLogFiles(context, channel, chosen, lines);
      await follow(context, channel, app, lines);
    }
    return EXIT.ok;
  } finally {
    channel.close();
  }
}

/** Prints the last lines of all apps, merged by time. */
async function printRecent(context: Context, channel: Channel, apps: readonly AppSnapshot[], lines: number): Promise<void> {
  const perApp = await Promise.all(apps.map(async ({ name }) => parseLogLines(await channel.json(`${appPath(name, 'logs')}?lines=${lines}`))));
  for (const line of perApp.flat().sort((a, b) => a.at - b.at)) await printLine(context, line);
}

/** Prints the lines from the files of stopped apps. The subscription replays only the memory of primaries. */
async function printLogFiles(context: Context, channel: Channel, apps: readonly AppSnapshot[], lines: number): Promise<void> {
  const idle = apps.filter(({ primaryPid }) => primaryPid === null);
  await printRecent(context, channel, idle, lines);
  for (const { name, state } of idle) context.note(`${name} is ${state}; new lines appear here when it runs again`);
}

async function follow(context: Context, channel: Channel, app: string | undefined, lines: number): Promise<void> {
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  try {
    for await (const message of subscribeLogs(channel, { ...(app === undefined ? {} : { app }), lines }, interrupt.signal)) {
      if (message.type === 'line') await printLine(context, message.line);
      else context.note(`${plural(message.lines, 'line')} skipped: output was read too slowly`);
    }
  } finally {
    restore();
  }
  if (interrupt.signal.aborted) throw new Interrupted();
}

/** Waits while the reader of stdout is behind, so that memory stays bounded. */
async function printLine(context: Context, line: LogLine): Promise<void> {
  const { io, json, options, outStyle } = context;
  if ((options['out'] === true && line.stream !== 'out') || (options['err'] === true && line.stream !== 'err')) return;
  const text = json ? `${JSON.stringify(line)}\n` : logLineView(line, outStyle);
  if (!io.stdout.write(text)) await new Promise<void>((resolve) => io.stdout.once('drain', resolve));
}
