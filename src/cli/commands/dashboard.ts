import { connect } from '../../client/connect.ts';
import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeEvents } from '../../client/subscribe.ts';
import { DashboardServer } from '../../dashboard/server/dashboard-server.ts';
import { EXIT } from '../../errors/registry.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { DASHBOARD_FILES } from '../dashboard-files.ts';
import { portNumber } from '../values.ts';
import { lbVersion } from '../version.ts';

const DEFAULT_HOST = '127.0.0.1';

export const dashboard: Command = {
  operands: '',
  description: 'Serves a page for the browser: apps, workers, charts, live logs, events. It prints the URL, which holds a secret, and stays until Ctrl-C.',
  options: [
    { flags: '--port <n>', description: 'port to listen on (default: a free one)', parse: portNumber },
    { flags: '--host <address>', description: `address to listen on (default: ${DEFAULT_HOST}); what goes over another one is not encrypted` },
    { flags: '--allow-actions', description: 'let the page start, reload, restart, stop, scale and balance apps; without it they are refused' },
  ],
  exits: ['failed', 'daemon'],
  examples: ['lb dashboard', 'lb dashboard --port 9700 --allow-actions'],
  run,
};

async function run(context: Context): Promise<number> {
  const { address, options, io } = context;
  const { channel } = await connect(address);
  channel.close();
  const host = (options['host'] as string | undefined) ?? DEFAULT_HOST;
  const server = new DashboardServer({
    address,
    version: lbVersion(),
    assets: DASHBOARD_FILES,
    host,
    port: (options['port'] as number | undefined) ?? 0,
    allowActions: options['allowActions'] === true,
  });
  const stop = new AbortController();
  const restore = io.onInterrupt(() => stop.abort());
  try {
    context.print(await server.listen());
    context.note(`${options['allowActions'] === true ? 'the page may act on your apps' : 'read-only'}; Ctrl-C ends it`);
    await watchDaemon(context, stop.signal);
  } finally {
    server.close();
    restore();
  }
  return EXIT.ok;
}

/** Tells when the daemon goes away, and when it is back, until the signal. */
async function watchDaemon(context: Context, signal: AbortSignal): Promise<void> {
  let wasDown = false;
  await stayConnected(context.address, signal, {
    use: async (channel) => {
      if (wasDown) context.note('the daemon is back');
      for await (const _event of subscribeEvents(channel, signal)) continue;
    },
    onDown: ({ message }) => {
      wasDown = true;
      context.note(`${message}; the page goes on as soon as there is one`);
    },
  });
}
