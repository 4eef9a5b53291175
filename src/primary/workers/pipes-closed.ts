import type { Readable } from 'node:stream';
import { withDeadline } from '../../system/deadline.ts';

/** A grandchild may hold the pipes open; nobody waits for it longer than this. */
const GRACE_MS = 250;

/** Resolves when everything that a worker wrote has been read. */
export async function pipesClosed(pipes: readonly (Readable | null)[]): Promise<void> {
  const closed = pipes.flatMap((pipe) => (pipe === null || pipe.closed ? [] : [new Promise((resolve) => pipe.once('close', resolve))]));
  await withDeadline(Promise.all(closed), GRACE_MS);
}
