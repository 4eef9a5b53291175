import { StringDecoder } from 'node:string_decoder';
import { Malformed } from './parser.ts';

/** A longer message is treated as malformed. */
export const MAX_MESSAGE_CHARS = 16 * 1024 * 1024;

/**
 * Splits a byte stream into JSON messages.
 * @param onMessage called with each message; its shape is unchecked
 * @param onMalformed the stream is unusable from here on and should be closed
 */
export function ndjsonReader(onMessage: (message: unknown) => void, onMalformed: (problem: Malformed) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  /** The unfinished line, joined when it ends: joined at every chunk, a long one would be copied again and again. */
  let rest: string[] = [];
  let restLength = 0;
  return (chunk) => {
    const lines = decoder.write(chunk).split('\n');
    const begun = lines.pop() ?? '';
    if (lines.length > 0) {
      lines[0] = rest.join('') + (lines[0] ?? '');
      rest = [];
      restLength = 0;
    }
    rest.push(begun);
    restLength += begun.length;
    if (restLength > MAX_MESSAGE_CHARS) return onMalformed(new Malformed(`a line of at most ${MAX_MESSAGE_CHARS} characters`, rest.join('')));
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
