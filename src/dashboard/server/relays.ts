import type { WebSocket } from 'ws';
import type { DaemonAddress } from '../../client/address.ts';
import { connect } from '../../client/connect.ts';
import { followAll } from '../../client/follow-all.ts';
import { parseApp, parseLogLines } from '../../client/parse.ts';
import { appPath, type Channel } from '../../client/request.ts';
import { stayConnected } from '../../client/stay-connected.ts';
import { subscribeLogs } from '../../client/subscribe.ts';
import type { LogMessage } from '../../protocol/control.ts';
import type { PageMessage } from '../messages.ts';

/** Closed because the daemon is gone; the page asks again. */
const TRY_AGAIN_LATER = 1013;

/** Waits until it is written, so that a slow page slows us down, and the daemon leaves out what it cannot take. */
function send(socket: WebSocket, message: PageMessage | LogMessage): Promise<void> {
  return new Promise((resolve) => socket.send(JSON.stringify(message), () => resolve()));
}

function untilClosed(socket: WebSocket, stop: AbortSignal): AbortSignal {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  return AbortSignal.any([closed.signal, stop]);
}

/** All apps once a second, and what happens, until the page is closed. */
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

export interface LogsOf {
  /** Null is all apps. */
  readonly app: string | null;
  readonly lines: number;
}

/** Log lines until the page is closed or the daemon is gone. */
export async function relayLogs(socket: WebSocket, address: DaemonAddress, { app, lines }: LogsOf, stop: AbortSignal): Promise<void> {
  const signal = untilClosed(socket, stop);
  try {
    const { channel } = await connect(address);
    try {
      if (app !== null) await sendOfIdle(socket, channel, app, lines);
      for await (const message of subscribeLogs(channel, { ...(app === null ? {} : { app }), lines }, signal)) await send(socket, message);
    } finally {
      channel.close();
    }
  } catch {
    // The other WebSocket of the page tells why.
  }
  socket.close(TRY_AGAIN_LATER);
}

/** The subscription begins with what primaries remember; the lines of an app that has none stand in its files. */
async function sendOfIdle(socket: WebSocket, channel: Channel, app: string, lines: number): Promise<void> {
  const { primaryPid } = parseApp(await channel.json(appPath(app)));
  if (primaryPid !== null) return;
  for (const line of parseLogLines(await channel.json(`${appPath(app, 'logs')}?lines=${lines}`))) await send(socket, { type: 'line', line });
}
