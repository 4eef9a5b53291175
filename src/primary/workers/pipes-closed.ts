import type { Readable } from 'node:stream';
import { withDeadline } from '../../system/deadline.ts';

/** How long to wait for pipes that a grandchild process keeps open. */
const GRACE_MS = 250;

/** Resolves when the output of a worker has been read completely. */
export async function pipesClosed(pipes: readonly (Readable | null)[]): Promise<void> {
  const closed = pipes.flatMap((pipe) => (pipe === null || pipe.closed ? [] : [new Promise((resolve) => pipe.once('close', resolve))]));
  await withDeadline(Promise.all(closed), GRACE_MS);
}
