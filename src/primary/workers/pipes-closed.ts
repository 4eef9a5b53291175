import type { Readable } from 'node:stream';

/** A grandchild may hold the pipes open; nobody waits for it longer than this. */
const GRACE_MS = 250;

/** Resolves when everything that a worker wrote has been read. */
export async function pipesClosed(pipes: readonly (Readable | null)[]): Promise<void> {
  const closed = pipes.map((pipe) => (pipe === null || pipe.closed ? null : new Promise((resolve) => pipe.once('close', resolve))));
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, GRACE_MS);
  });
  await Promise.race([Promise.all(closed), grace]);
  clearTimeout(timer);
}
