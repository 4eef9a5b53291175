import { StringDecoder } from 'node:string_decoder';

/** A message longer than this is a fault of the other side. */
export const MAX_MESSAGE_CHARS = 16 * 1024 * 1024;

/**
 * Splits a byte stream into JSON messages.
 * @param onMessage gets each parsed line; its shape is not checked yet.
 * @param onMalformed gets what is wrong; the stream should be closed then.
 */
export function ndjsonReader(onMessage: (message: unknown) => void, onMalformed: (reason: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_MESSAGE_CHARS) return onMalformed(`a line of more than ${MAX_MESSAGE_CHARS} characters`);
    for (const line of lines) {
      if (line === '') continue;
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        return onMalformed(`not JSON: ${line.slice(0, 80)}`);
      }
      onMessage(message);
    }
  };
}

export const ndjson = (message: object): string => `${JSON.stringify(message)}\n`;
