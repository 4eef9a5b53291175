import type { Channel } from '../../client/request.ts';
import { fetchEvents } from '../../client/events.ts';
import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeEvents } from '../../client/subscribe.ts';
import type { LbError } from '../../errors/lb-error.ts';
import { EXIT, type ErrorCode } from '../../errors/registry.ts';
import type { LbEvent } from '../../protocol/event.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { Interrupted } from '../interrupted.ts';
import { eventView } from '../output/event-view.ts';
import { fetchApps } from '../apps.ts';
import { chooseOne } from '../choose-with-files.ts';
import { numberOption, wholeNumber } from '../values.ts';
import { daemonFor } from '../daemon-of.ts';

const DEFAULT_LINES = 50;
/** Errors that a new daemon may resolve. */
const GONE: readonly ErrorCode[] = ['LB_ERR_DAEMON_LOST', 'LB_ERR_DAEMON_NOT_RUNNING'];

export const events: Command = {
  operands: '[app]',
  description:
    'Shows what happened to one app or to all, and why: starts, exits with their cause, ejections, the steps of a reload, limits, hooks, and the daemon itself. Events survive restarts of the daemon.',
  options: [
    { flags: '--lines <n>', description: `number of past events to show (default: ${DEFAULT_LINES})`, parse: wholeNumber },
    { flags: '-f, --follow', description: 'keep printing new events until Ctrl-C; reconnects to a new daemon' },
    { ...JSON_OPTION, description: 'print one JSON object per line' },
  ],
  exits: ['notFound', 'daemon', 'interrupted'],
  examples: ['lb events', 'lb events api --lines 200', 'lb events --follow --json | jq \'select(.severity == "error")\''],
  run,
};

async function run(context: Context): Promise<number> {
  const [word] = context.args;
  const lines = numberOption(context.options, 'lines') ?? DEFAULT_LINES;
  const { channel } = await daemonFor(context, 'read');
  let last = 0;
  try {
    let app = word;
    let found = await fetchEvents(channel, { app, limit: lines });
    // A deleted app still has events, so what is a name of one is no id.
    if (found.length === 0 && word !== undefined) {
      app = (await chooseOne(context, await fetchApps(channel))).app.name;
      found = await fetchEvents(channel, { app, limit: lines });
    }
    for (const event of found) await printEvent(context, event);
    last = found.at(-1)?.id ?? (await fetchEvents(channel, { limit: 1 })).at(-1)?.id ?? 0;
    if (context.options['follow'] !== true) return EXIT.ok;
    await follow(context, channel, app, last);
  } finally {
    channel.close();
  }
  throw new Interrupted();
}

/** Prints events after `since` until Ctrl-C, across daemon restarts. */
async function follow(context: Context, first: Channel, app: string | undefined, since: number): Promise<void> {
  const interrupt = new AbortController();
  const restore = context.io.onInterrupt(() => interrupt.abort());
  let last = since;
  const use = async (channel: Channel, signal: AbortSignal): Promise<void> => {
    for await (const event of subscribeEvents(channel, signal, { ...(app === undefined ? {} : { app }), since: last })) {
      last = event.id;
      await printEvent(context, event);
    }
  };
  const onDown = (): void => context.note('the daemon is gone; waiting for a new one');
  const isFatal = ({ code }: LbError): boolean => !GONE.includes(code);
  try {
    await stayConnected(context.address, interrupt.signal, { use, onDown, isFatal }, first);
  } finally {
    restore();
  }
}

/** Waits while the reader of stdout is behind, so that memory stays bounded. */
async function printEvent({ io, json, outStyle }: Context, event: LbEvent): Promise<void> {
  const text = json ? `${JSON.stringify(event)}\n` : eventView(event, outStyle);
  if (!io.stdout.write(text)) await new Promise<void>((resolve) => io.stdout.once('drain', resolve));
}
