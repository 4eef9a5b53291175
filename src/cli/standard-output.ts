import { fstatSync, writeSync } from 'node:fs';
import { errnoOf } from '../errors/lb-error.ts';
import type { Output } from '../system/terminal-output.ts';

/** An output stream that can be waited for before the process exits. */
export interface StandardOutput extends Output {
  /** Calls back when everything is written. */
  flush(done: () => void): void;
}

/**
 * The stdout or stderr of a command. Into a pipe or a file it writes at once, as Node does on Linux, too, but without Node's streams,
 * whose modules a command of a few milliseconds would wait for. Anything else is Node's own stream.
 * @param streamOf loads that stream
 * @param failed for example, the reader of a pipe is gone
 */
export function standardOutput(fd: 1 | 2, streamOf: () => NodeJS.WriteStream, failed: (error: unknown) => void): StandardOutput {
  let own: NodeStream | null = null;
  const stream = (): NodeStream => (own ??= flushable(streamOf().on('error', failed)));
  if (!takesAll(fd)) return stream();
  return {
    write: (text) => {
      if (own !== null) return own.write(text);
      const rest = writeAll(fd, Buffer.from(text), failed);
      return rest === null ? true : stream().write(rest);
    },
    once: (event, listener) => stream().once(event, listener),
    flush: (done) => (own === null ? done() : own.flush(done)),
  };
}

type NodeStream = StandardOutput & NodeJS.WriteStream;

const flushable = (stream: NodeJS.WriteStream): NodeStream => Object.assign(stream, { flush: (done: () => void) => void stream.write('', () => done()) });

function takesAll(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket() || stats.isFile();
  } catch {
    return false;
  }
}

/** @returns what the reader has no room for, if somebody made the pipe non-blocking; null if all is written */
function writeAll(fd: number, bytes: Buffer, failed: (error: unknown) => void): Buffer | null {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return bytes.subarray(written);
    failed(error);
  }
  return null;
}
