import type { IncomingMessage } from 'node:http';
import { LbError } from '../errors/lb-error.ts';
import type { StreamRecord } from '../protocol/control.ts';
import { parseJson, parseStreamRecord } from './parse.ts';
import type { Channel, Method } from './request.ts';

/**
 * Runs an operation and yields its records; the last one is the result. Leaving the loop early closes the connection,
 * the operation goes on.
 * @throws LbError the daemon's refusal, or LB_ERR_DAEMON_GONE when the connection ends before the result
 */
export async function* openStream(channel: Channel, method: Method, path: string, body: unknown = {}): AsyncGenerator<StreamRecord> {
  const response = await channel.open(path, { method, body, timeoutMs: 0 });
  await channel.expectSuccess(response);
  try {
    for await (const line of linesOf(response)) {
      const record = parseStreamRecord(parseJson(line, 'record'));
      if (record === null) continue;
      yield record;
      if (record.type === 'result') return;
    }
  } finally {
    response.destroy();
  }
  throw new LbError('LB_ERR_DAEMON_GONE');
}

/** The lines of a body; a body that is cut off ends the lines, it does not fail. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line.trim() !== '');
    }
  } catch (error) {
    // Any way a connection can break means the same: no result will come.
    if (error instanceof LbError) throw error;
  }
}
