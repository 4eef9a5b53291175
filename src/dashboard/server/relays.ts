import type { WebSocket } from 'ws';
import type { DaemonAddress } from '../../client/address.ts';
import { waitForDaemon } from '../../client/ensure-daemon.ts';
import { followAll } from '../../client/follow-all.ts';
import { parseApp, parseLogLines } from '../../client/parse.ts';
import { appPath, type Channel } from '../../client/request.ts';
import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeLogs } from '../../client/subscribe.ts';
import type { LogMessage } from '../../protocol/control.ts';
import type { PageMessage } from '../messages.ts';

/** WebSocket close code: the daemon is gone; the page tries again. */
const TRY_AGAIN_LATER = 1013;

/** Resolves when written, so that a slow page slows down the subscription and the daemon drops messages. */
function send(socket: WebSocket, message: PageMessage | LogMessage): Promise<void> {
  return new Promise((resolve) => socket.send(JSON.stringify(message), () => resolve()));
}

function untilClosed(socket: WebSocket, stop: AbortSignal): AbortSignal {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  return AbortSignal.any([closed.signal, stop]);
}

/** Sends stats once a second, and events, until the page closes. */
export async function relayLive(socket: WebSocket, address: DaemonAddress, welcome: PageMessage, stop: AbortSignal): Promise<void> {
  const closed = untilClosed(socket, stop);
  await send(socket, welcome);
  await stayConnected(address, closed, {
    use: async (channel, signal) => {
      void send(socket, { type: 'daemon', up: true, reason: '' });
      await followAll(channel, signal, {
        stats: ({ at, apps }) => send(socket, { type: 'stats', at, apps }),
        event: (event) => send(socket, { type: 'event', event }),
      });
    },
    onDown: ({ message }) => void send(socket, { type: 'daemon', up: false, reason: message }),
  });
}

export interface LogQuery {
  /** Null for all apps. */
  readonly app: string | null;
  readonly lines: number;
}

/** Sends log lines until the page closes or the daemon goes away. */
export async function relayLogs(socket: WebSocket, address: DaemonAddress, { app, lines }: LogQuery, stop: AbortSignal): Promise<void> {
  const signal = untilClosed(socket, stop);
  try {
    const { channel } = await waitForDaemon(address);
    try {
      if (app !== null) await sendLogFiles(socket, channel, app, lines);
      for await (const message of subscribeLogs(channel, { ...(app === null ? {} : { app }), lines }, signal)) await send(socket, message);
    } finally {
      channel.close();
    }
  } catch {
    // The page learns the reason from `/live`.
  }
  socket.close(TRY_AGAIN_LATER);
}

/** Sends the lines from the files of a stopped app. Otherwise the subscription replays the primary's memory. */
async function sendLogFiles(socket: WebSocket, channel: Channel, app: string, lines: number): Promise<void> {
  const { primaryPid } = parseApp(await channel.json(appPath(app)));
  if (primaryPid !== null) return;
  for (const line of parseLogLines(await channel.json(`${appPath(app, 'logs')}?lines=${lines}`))) await send(socket, { type: 'line', line });
}
