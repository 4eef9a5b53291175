import type { EventEmitter } from 'node:events';

/**
 * Makes writes to stdout and stderr synchronous, so that output before `process.exit` or a crash is not lost. Node documents
 * this for pipes, but Node 20 to 26 do it only until the pipe is full, because libuv opens pipes non-blocking. The streams are
 * still created lazily, so an app without output pays nothing.
 */
export function writeSynchronously(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (descriptor?.configurable !== true || get === undefined) continue;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const stream = get.call(process) as EventEmitter & { _handle?: { setBlocking?(on: boolean): number } | null };
        stream._handle?.setBlocking?.(true);
        // If nobody reads it any more, because the primary is dead, that must not crash the app.
        stream.on('error', () => {});
        Object.defineProperty(process, name, descriptor);
        return stream;
      },
    });
  }
}
