import { once } from 'node:events';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bindListener } from '../../src/primary/ingress/bind-listener.ts';
import { socketName } from '../../src/primary/ingress/listener-name.ts';
import type { RawListener } from '../../src/primary/handles/raw-handles.ts';
import { createToken, descriptorOf, HandleChannel, listenForChannels } from '../../src/system/handle-channel.ts';
import { tempHome } from '../daemon/temp-home.ts';

const QUERY = { key: '', address: '127.0.0.1', port: 0, addressType: 4, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'tcp' } as const;

let path: string;
let server: Server;
let near: HandleChannel;
let far: HandleChannel;

beforeEach(async () => {
  path = join(tempHome(), 'pair.sock');
  let found: (channel: HandleChannel) => void = () => {};
  const accepted = new Promise<HandleChannel>((resolve) => (found = resolve));
  server = await listenForChannels(path, (channel) => found(channel));
  near = HandleChannel.connect(path);
  far = await accepted;
});
afterEach(() => {
  for (const channel of [near, far]) channel.destroy();
  server.close();
});

const closed = (channel: HandleChannel): Promise<void> => new Promise((resolve) => channel.onClose(resolve));

it.each(['from the end that connected', 'from the end that accepted'])('carries text and handles in order, %s', async (direction) => {
  const [sender, receiver] = direction.endsWith('connected') ? [near, far] : [far, near];
  const listeners = await Promise.all(Array.from({ length: 5 }, () => bindListener(QUERY)));
  let text = '';
  receiver.onData((chunk) => (text += chunk.toString()));
  const filler = 'x'.repeat(300_000);
  // More than the kernel takes at once, so that writes wait.
  for (const [index, listener] of listeners.entries()) {
    sender.write(`${filler}${index}\n`);
    sender.write(`handle ${index}\n`, listener);
  }
  expect(sender.unsentBytes).toBeGreaterThan(0);
  await vi.waitFor(() => expect(text.endsWith('handle 4\n')).toBe(true));
  expect(text.split('\n').map((line) => line.slice(-8))).toEqual([...listeners.flatMap((_, index) => [`xxxxxxx${index}`, `handle ${index}`]), '']);
  const received = listeners.map(() => receiver.takeHandle() as RawListener | null);
  expect(received.map((handle) => (handle === null ? null : socketName(handle)))).toEqual(listeners.map(socketName));
  expect([sender.unsentBytes, receiver.takeHandle()]).toEqual([0, null]);
  for (const handle of [...listeners, ...received]) handle?.close();
});

it('a duplicate keeps the socket open, and accepts nothing by itself', async () => {
  const listener = await bindListener(QUERY);
  const port = socketName(listener)?.port ?? 0;
  const arrived = new Promise<void>((resolve) => far.onData(() => resolve()));
  near.write('socket', listener);
  await arrived;
  listener.close();
  const duplicate = far.takeHandle() as RawListener;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const accepted = new Promise<void>((resolve) => {
    duplicate.onconnection = (_, connection) => {
      connection?.close();
      resolve();
    };
  });
  duplicate.listen(511);
  await accepted;
  duplicate.close();
  client.destroy();
});

it('either end learns of the end of the other, and a handle that nobody took is closed', async () => {
  const token = createToken();
  if (token === null) return expect(process.platform).not.toBe('linux');
  const arrived = new Promise<void>((resolve) => far.onData(() => resolve()));
  near.write('token', token.handle);
  await arrived;
  const holders = (): number =>
    Array.from({ length: 200 }, (_, descriptor) => descriptorOf('self', descriptor)).filter((inode) => inode === token.inode).length;
  expect(holders()).toBe(2);
  near.end();
  await Promise.all([closed(near), closed(far)]);
  expect([near.closed, far.closed, holders()]).toEqual([true, true, 1]);
  far.write('too late');
  token.handle.close();
});

it('tells when there is nobody to connect to', async () => {
  const nobody = HandleChannel.connect(join(tempHome(), 'nobody.sock'));
  nobody.write('hello');
  await closed(nobody);
  expect(nobody.closed).toBe(true);
});

it('each token is another, also in the process that gets it', () => {
  const [one, other] = [createToken(), createToken()];
  expect(one === null || one.inode !== other?.inode).toBe(true);
  for (const token of [one, other]) token?.handle.close();
});
