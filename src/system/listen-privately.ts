import type { ListenOptions, Server } from 'node:net';

/** Listens on a Unix socket that is this user's alone from the start: its file is made in this turn, and needs no other mode afterwards. */
export function listenPrivately(server: Server, options: ListenOptions, listening: () => void): void {
  const before = process.umask(0o177);
  try {
    server.listen(options, listening);
  } finally {
    process.umask(before);
  }
}
