import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_CHARS, ndjson, ndjsonReader } from '../../src/protocol/ndjson.ts';

interface Read {
  readonly messages: unknown[];
  readonly malformed: string[];
}

function read(chunks: readonly Buffer[]): Read {
  const result: Read = { messages: [], malformed: [] };
  const write = ndjsonReader(
    (message) => result.messages.push(message),
    (problem) => result.malformed.push(problem.message),
  );
  for (const chunk of chunks) write(chunk);
  return result;
}

/** Cuts at the given positions, taken modulo the length. */
function cut(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const at = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

const message = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }))
  .map((fields) => JSON.parse(JSON.stringify(fields)) as object);

describe('ndjson', () => {
  it('writes one line for a message with line breaks in it', () => {
    expect(ndjson({ text: 'a\nb\r\n\u2028' })).toBe('{"text":"a\\nb\\r\\n\u2028"}\n');
  });

  it('gives back what was written, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 30 }), (messages, positions) => {
        const { messages: got, malformed } = read(cut(Buffer.from(messages.map(ndjson).join('')), positions));
        expect(malformed).toEqual([]);
        expect(got).toEqual(messages);
      }),
    );
  });

  it('gives back characters of several bytes that arrive byte by byte', () => {
    const bytes = Buffer.from(ndjson({ text: 'ä漢👩‍💻' }));
    expect(read([...bytes].map((byte) => Buffer.of(byte))).messages).toEqual([{ text: 'ä漢👩‍💻' }]);
  });

  it('gives a message when its line has ended, not before', () => {
    expect(read([Buffer.from('{"a":1}')]).messages).toEqual([]);
    expect(read([Buffer.from('{"a":1}'), Buffer.from('\n{')]).messages).toEqual([{ a: 1 }]);
  });

  it('skips empty lines', () => {
    expect(read([Buffer.from('\n\n{"a":1}\n\n')])).toEqual({ messages: [{ a: 1 }], malformed: [] });
  });

  it('reports what is not JSON, after all messages before it', () => {
    expect(read([Buffer.from(`{"a":1}\nGET / HTTP/1.1\r\n{"b":2}\n`)])).toEqual({
      messages: [{ a: 1 }],
      malformed: ['the message: expected JSON, got "GET / HTTP/1.1\\r"'],
    });
  });

  it('reports a line without an end', () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const { messages, malformed } = read(new Array<Buffer>(MAX_MESSAGE_CHARS / chunk.length + 1).fill(chunk));
    expect(messages).toEqual([]);
    expect(malformed[0]).toContain(`expected a line of at most ${MAX_MESSAGE_CHARS} characters`);
  });
});
