import type { EventEmitter } from 'node:events';
import { outputMark } from '../protocol/output-mark.ts';

type Name = 'stdout' | 'stderr';
type Write = (this: unknown, ...args: unknown[]) => void;

/** As far as we look into it. */
interface OutputStream extends EventEmitter {
  _write: Write;
  _writev: Write;
  readonly _handle?: { readonly bytesWritten?: number; setBlocking?(on: boolean): number } | null;
}

/** Those that were written to. */
const streams = new Map<Name, OutputStream>();
let last: Name | null = null;

/**
 * Makes writes to stdout and stderr synchronous, so that output before `process.exit` or a crash is not lost. Node documents
 * this for pipes, but Node 20 to 26 do it only until the pipe is full, because libuv opens pipes non-blocking. The streams are
 * still created lazily, so an app without output pays nothing. When nobody reads them any more, the app goes on.
 * Two pipes have no common order, so each change from one to the other is marked.
 */
export function prepareOutput(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (descriptor?.configurable !== true || get === undefined) continue;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const stream = get.call(process) as OutputStream;
        stream._handle?.setBlocking?.(true);
        // EPIPE, when the primary is dead; without a listener it would be an uncaught exception.
        stream.on('error', () => {});
        if (stream._handle?.bytesWritten !== undefined) keepOrder(name, stream);
        Object.defineProperty(process, name, descriptor);
        return stream;
      },
    });
  }
}

/** Marks where the process goes on with this one after it wrote to the other one. */
function keepOrder(name: Name, stream: OutputStream): void {
  streams.set(name, stream);
  const { _write: write } = stream;
  const mark = (): void => {
    const before = last === null || last === name ? undefined : streams.get(last)?._handle?.bytesWritten;
    last = name;
    if (before !== undefined) write.call(stream, outputMark(before), 'latin1', () => {});
  };
  for (const method of ['_write', '_writev'] as const) {
    const original = stream[method];
    const value: Write = (...args) => {
      mark();
      original.apply(stream, args);
    };
    Object.defineProperty(stream, method, { value, configurable: true, writable: true });
  }
}
