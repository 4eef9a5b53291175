/**
 * Makes writing to stdout and stderr synchronous, so that what an app has written before `process.exit` or a crash is
 * not lost. Node's documentation promises that for pipes; Node 20 to 26 keep it only until the pipe is full, because
 * libuv opens them non-blocking. The stream is made when the app first asks for it, so an app that writes nothing pays
 * nothing.
 */
export function writeSynchronously(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (descriptor?.configurable !== true || get === undefined) continue;
    Object.defineProperty(process, name, {
      ...descriptor,
      get() {
        const stream = get.call(process) as { _handle?: { setBlocking?(on: boolean): number } | null };
        stream._handle?.setBlocking?.(true);
        Object.defineProperty(process, name, descriptor);
        return stream;
      },
    });
  }
}
