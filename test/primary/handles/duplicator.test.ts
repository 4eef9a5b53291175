import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { Duplicator } from '../../../src/primary/handles/duplicator.ts';
import { bindListener } from '../../../src/primary/ingress/bind-listener.ts';
import { socketName } from '../../../src/primary/ingress/listener-name.ts';

const QUERY = { key: '', address: '127.0.0.1', port: 0, addressType: 4, backlog: null, flags: 0, readableAll: false, writableAll: false, kind: 'tcp' } as const;

it.runIf(process.platform === 'linux')('makes handles of the same sockets, each of its own, without anybody else', async () => {
  const { duplicate } = new Duplicator();
  const listeners = await Promise.all(Array.from({ length: 20 }, () => bindListener(QUERY)));
  const duplicates = await Promise.all(listeners.map((listener) => duplicate(listener)));
  expect(duplicates.map((handle) => (handle === null ? null : socketName(handle)))).toEqual(listeners.map(socketName));
  for (const listener of listeners) listener.close();
  const [first] = duplicates;
  const again = first == null ? null : await duplicate(first);
  for (const handle of duplicates) handle?.close();
  // It is not polled, and keeps the queue open.
  const client = connect((again === null ? null : socketName(again))?.port ?? 0, '127.0.0.1');
  await once(client, 'connect');
  client.destroy();
  again?.close();
});

it.runIf(process.platform === 'linux')('a stranger who finds the name gets nothing, and is not in the way', async () => {
  const { duplicate } = new Duplicator();
  const listener = await bindListener(QUERY);
  const made = duplicate(listener);
  // The name is there from the next turn on.
  await new Promise((resolve) => setImmediate(resolve));
  const name = /@(lb-\d+-[0-9a-f]{32}-*)$/m.exec(readFileSync('/proc/net/unix', 'latin1'))?.[1];
  const stranger = name === undefined ? null : connect({ path: `\0${name}` });
  stranger?.on('error', () => {});
  stranger?.write('f'.repeat(64));
  const handle = await made;
  expect(handle === null ? null : socketName(handle)).toEqual(socketName(listener));
  stranger?.destroy();
  for (const each of [handle, listener]) each?.close();
});
