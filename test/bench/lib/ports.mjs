import { createServer } from 'node:net';

/** Below the range from which the kernel takes the local ports of outgoing connections. */
const FIRST = 10_000;
const LAST = 32_000;

/** @returns {Promise<number>} a TCP port on which nobody listens */
export async function freePort() {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
