import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DaemonAddress } from '../../client/address.ts';
import { waitForDaemon } from '../../client/ensure-daemon.ts';
import { appPath } from '../../client/request.ts';
import { openStream } from '../../client/stream.ts';
import { LbError } from '../../errors/lb-error.ts';
import type { StreamRecord } from '../../protocol/control.ts';
import { ndjson } from '../../protocol/ndjson.ts';
import { parseBalanceBody, parseScaleBody } from '../../protocol/parse-requests.ts';
import type { Action } from '../messages.ts';
import { readJson, SAFE_HEADERS, sendError } from './answers.ts';

const nothing = (): unknown => ({});

/** What is forwarded to the daemon. A reload never carries a definition, because that could run any script. */
const BODIES: Readonly<Record<Action, (body: unknown) => unknown>> = {
  start: nothing,
  reload: nothing,
  restart: nothing,
  stop: nothing,
  scale: parseScaleBody,
  balance: parseBalanceBody,
};

/** Runs an action and streams its records. It continues when the page closes. */
export async function runAction(address: DaemonAddress, app: string, action: Action, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const write = (record: StreamRecord): void => {
    if (!response.headersSent) response.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'application/x-ndjson' });
    response.write(ndjson(record));
  };
  try {
    const body = BODIES[action](await readJson(request));
    const { channel } = await waitForDaemon(address);
    try {
      for await (const record of openStream(channel, 'POST', appPath(app, action), body)) write(record);
    } finally {
      channel.close();
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) sendError(response, error);
    else response.end(ndjson({ type: 'result', ok: false, error: LbError.from(error).toRecord() }));
  }
}
