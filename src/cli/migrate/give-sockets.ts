import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedSocket } from '../../protocol/attach.ts';
import { ndjson } from '../../protocol/ndjson.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { listenForChannels } from '../../system/handle-channel.ts';

/** A listening socket that an app is to serve. */
export interface GivenSocket {
  readonly name: SocketName;
  readonly handle: object;
}

/** Offers sockets to the daemon until `work` is done. @param work gets the path of the Unix socket at which the daemon takes them */
export async function giveSockets<T>(home: string, app: string, sockets: readonly GivenSocket[], work: (path: string) => Promise<T>): Promise<T> {
  const path = join(home, `s${randomBytes(2).toString('hex')}.sock`);
  const server = await listenForChannels(path, (channel) => {
    // The daemon sends no data, but without a reader the end of its connection would go unnoticed.
    channel.onData(() => {});
    for (const { name, handle } of sockets) {
      const message: NamedSocket = { app, key: keyOf(name), name };
      channel.write(ndjson({ type: 'keep', ...message }), handle);
    }
    channel.write(ndjson({ type: 'end' }));
  });
  try {
    return await work(path);
  } finally {
    server.close();
    rmSync(path, { force: true });
  }
}

/** A worker may ask for the address in other words; its primary knows it by its name then. */
const keyOf = ({ address, port, family }: SocketName): string => `${address === '::' ? '*' : address}|${port}|${family === 'IPv6' ? 6 : 4}|0`;
