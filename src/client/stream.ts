import type { IncomingMessage } from 'node:http';
import { LbError } from '../errors/lb-error.ts';
import { asLbError } from '../protocol/checked.ts';
import type { StreamRecord } from '../protocol/control.ts';
import { ndjsonReader } from '../protocol/ndjson.ts';
import type { Malformed } from '../protocol/parser.ts';
import { parseStreamRecord } from './parse.ts';
import type { Channel, Method } from './request.ts';

/**
 * Runs an operation and yields its records; the last one is the result. Leaving the loop early closes the connection; the
 * operation continues.
 * @throws LbError the daemon's refusal, or LB_ERR_DAEMON_GONE if the connection ends before the result
 */
export async function* openStream(channel: Channel, method: Method, path: string, body: unknown = {}): AsyncGenerator<StreamRecord> {
  const response = await channel.open(path, { method, body, timeoutMs: 0 });
  await channel.expectSuccess(response);
  try {
    for await (const message of messagesOf(response)) {
      const record = parseStreamRecord(message);
      if (record === null) continue;
      yield record;
      if (record.type === 'result') return;
    }
  } finally {
    response.destroy();
  }
  throw new LbError('LB_ERR_DAEMON_GONE');
}

/** The messages of a body; a truncated body ends without an error. @throws LbError LB_ERR_MESSAGE for invalid JSON */
async function* messagesOf(response: IncomingMessage): AsyncGenerator {
  const messages: unknown[] = [];
  let malformed: Malformed | null = null;
  const read = ndjsonReader(
    (message) => messages.push(message),
    (problem) => (malformed = problem),
  );
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      read(chunk);
      yield* messages.splice(0);
      if (malformed !== null) throw asLbError('record from the daemon', malformed);
    }
  } catch (error) {
    // Any other error means that the connection broke: no result will come.
    if (error instanceof LbError) throw error;
  }
}
