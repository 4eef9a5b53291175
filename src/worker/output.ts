import type { EventEmitter } from 'node:events';

/**
 * Makes writes to stdout and stderr synchronous, so that output before `process.exit` or a crash is not lost. Node documents
 * this for pipes, but Node 20 to 26 do it only until the pipe is full, because libuv opens pipes non-blocking. The streams are
 * still created lazily, so an app without output pays nothing. When nobody reads them any more, the app goes on.
 */
export function prepareOutput(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (descriptor?.configurable !== true || get === undefined) continue;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const stream = get.call(process) as EventEmitter & { _handle?: { setBlocking?(on: boolean): number } | null };
        stream._handle?.setBlocking?.(true);
        // EPIPE, when the primary is dead; without a listener it would be an uncaught exception.
        stream.on('error', () => {});
        Object.defineProperty(process, name, descriptor);
        return stream;
      },
    });
  }
}
