import { StringDecoder } from 'node:string_decoder';
import { Malformed } from './parser.ts';
import { TextLines } from './text-lines.ts';

/** A longer message is treated as malformed. */
export const MAX_MESSAGE_CHARS = 16 * 1024 * 1024;

/**
 * Splits a byte stream into JSON messages.
 * @param onMessage called with each message; its shape is unchecked
 * @param onMalformed the stream is unusable from here on and should be closed
 */
export function ndjsonReader(onMessage: (message: unknown) => void, onMalformed: (problem: Malformed) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  const text = new TextLines();
  return (chunk) => {
    const lines = text.take(decoder.write(chunk));
    if (text.restLength > MAX_MESSAGE_CHARS) return onMalformed(new Malformed(`a line of at most ${MAX_MESSAGE_CHARS} characters`, text.rest));
    for (const line of lines) {
      if (line === '') continue;
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        return onMalformed(new Malformed('JSON', line));
      }
      onMessage(message);
    }
  };
}

export const ndjson = (message: object): string => `${JSON.stringify(message)}\n`;
