import { randomBytes } from 'node:crypto';
import { abstractName, HandleChannel, listenForChannels } from '../../system/handle-channel.ts';
import type { RawListener } from './raw-handles.ts';

/** Makes another handle of the same listening socket, unpolled; null if that fails. */
export type Duplicate = (handle: RawListener) => Promise<RawListener | null>;

interface Loop {
  readonly into: HandleChannel;
  readonly outOf: HandleChannel;
  readonly waiting: ((handle: RawListener | null) => void)[];
}

/** Duplicates handles of this process, by sending them to itself: Node.js has no `dup`. */
export class Duplicator {
  #loop: Promise<Loop | null> | null = null;

  readonly duplicate: Duplicate = async (handle) => {
    this.#loop ??= openLoop(() => (this.#loop = null));
    const loop = await this.#loop;
    if (loop === null) return null;
    return new Promise((resolve) => {
      loop.waiting.push(resolve);
      loop.into.write('d', handle);
    });
  };
}

/** @param closed called when it can no longer be used, or could not be opened */
async function openLoop(closed: () => void): Promise<Loop | null> {
  const secret = randomBytes(32).toString('hex');
  const loop = process.platform === 'linux' ? await connectToSelf(secret).catch(() => null) : null;
  if (loop === null) {
    closed();
    return null;
  }
  const { outOf, waiting } = loop;
  const end = (): void => {
    closed();
    for (const each of [loop.into, outOf]) each.destroy();
    for (const resolve of waiting.splice(0)) resolve(null);
  };
  outOf.onData((chunk) => {
    // The kernel ends a read with each handle that was sent. Without one, this process is out of descriptors.
    if (chunk.length === 1) waiting.shift()?.(outOf.takeHandle() as RawListener | null);
    else end();
  });
  loop.into.onClose(end);
  outOf.onClose(end);
  return loop;
}

/** Both ends of one connection. A process of another user can find the name, but does not know the secret. */
async function connectToSelf(secret: string): Promise<Loop> {
  const name = abstractName();
  let found: (channel: HandleChannel) => void = () => {};
  const accepted = new Promise<HandleChannel>((resolve) => (found = resolve));
  const server = await listenForChannels(name, (channel) => {
    let heard = '';
    channel.onData((chunk) => {
      if (heard === secret) return;
      heard += chunk.toString('latin1');
      if (heard === secret) found(channel);
      else if (!secret.startsWith(heard)) channel.destroy();
    });
  });
  const into = HandleChannel.connect(name);
  into.write(secret);
  try {
    const refused = new Promise<never>((_, reject) => into.onClose(() => reject(new Error('closed'))));
    return { into, outOf: await Promise.race([accepted, refused]), waiting: [] };
  } finally {
    server.close();
  }
}
