import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeEvents } from '../../client/subscribe.ts';
import { DashboardServer } from '../../dashboard/server/dashboard-server.ts';
import { EXIT } from '../../errors/registry.ts';
import { SETTINGS_VARS } from '../../protocol/attach.ts';
import { portHolder } from '../../system/port-holder.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';
import { DASHBOARD_FILES } from '../dashboard-files.ts';
import { numberOption, portNumber, textOption } from '../values.ts';
import { lbVersion } from '../version.ts';

const DEFAULT_HOST = '127.0.0.1';

export const dashboard: Command = {
  operands: '',
  description: 'Serves a web page with apps, workers, charts, live logs and events. Prints its URL, which contains a secret, and runs until Ctrl-C.',
  options: [
    { flags: '--port <n>', description: 'port to listen on (default: a free port)', parse: portNumber },
    { flags: '--host <address>', description: `address to listen on (default: ${DEFAULT_HOST}); traffic is not encrypted` },
    { flags: '--allow-actions', description: 'let the page start, reload, restart, stop, scale and balance apps; without this it is read-only' },
  ],
  exits: ['failed', 'daemon'],
  examples: ['lb dashboard', 'lb dashboard --port 9700 --allow-actions'],
  run,
};

async function run(context: Context): Promise<number> {
  const { address, options, io } = context;
  const { channel } = await daemonFor(context, 'read');
  channel.close();
  const host = textOption(options, 'host') ?? DEFAULT_HOST;
  const server = new DashboardServer({
    address,
    version: lbVersion(),
    assets: DASHBOARD_FILES,
    host,
    port: numberOption(options, 'port') ?? 0,
    holder: portHolder({ home: context.home, ...SETTINGS_VARS }),
    allowActions: options['allowActions'] === true,
  });
  const stop = new AbortController();
  const restore = io.onInterrupt(() => stop.abort());
  try {
    context.print(await server.listen());
    context.note(`${options['allowActions'] === true ? 'the page can control your apps' : 'the page is read-only'}; press Ctrl-C to end`);
    await watchDaemon(context, stop.signal);
  } finally {
    server.close();
    restore();
  }
  return EXIT.ok;
}

/** Reports when the daemon goes away and when it is back, until the signal aborts. */
async function watchDaemon(context: Context, signal: AbortSignal): Promise<void> {
  let wasDown = false;
  await stayConnected(context.address, signal, {
    use: async (channel) => {
      if (wasDown) context.note('the daemon is back');
      for await (const _event of subscribeEvents(channel, signal)) continue;
    },
    onDown: ({ message }) => {
      wasDown = true;
      context.note(`${message}; the page reconnects when a daemon is back`);
    },
  });
}
