import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { bindSocket } from '../../src/system/raw-listener.ts';
import { socketName } from '../../src/primary/ingress/listener-name.ts';
import { kernelQueue, waitingFor } from '../../src/system/kernel-queue.ts';

const LINES = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0BB8 00000000:0000 0A 00000000:00000011 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 77 1 0000000000000000 100 0 0 10 0
   2: 0100007F:0BB8 0100007F:D431 01 00000000:00000FFF 00:00000000 00000000     0        0 5 1 0000000000000000 20 4 30 10 -1`.split('\n');

it('counts what waits on the sockets that are asked for, and nothing else', () => {
  expect([
    waitingFor(new Set(['1234']), LINES),
    waitingFor(new Set(['1234', '77']), LINES),
    waitingFor(new Set(['5']), LINES),
    waitingFor(new Set(['5']), []),
  ]).toEqual([17, 20, 0, 0]);
});

it('looks no further than it must: behind the listening sockets, the kernel searches all others', () => {
  function* lines(): Generator<string> {
    yield* LINES.slice(0, 3);
    throw new Error('read too far');
  }
  expect(waitingFor(new Set(['77', '1234']), lines())).toBe(20);
});

it.runIf(process.platform === 'linux')('counts connections that nobody accepts', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  const handle = bindSocket({ address: '127.0.0.1', port: 0, addressType: 4, flags: 0 });
  if (typeof handle === 'number') throw new Error(`bind: ${handle}`);
  // Listens, and is accepted from too late.
  handle.listen(16);
  const { port = 0 } = socketName(handle) ?? {};
  const descriptor = handle.fd ?? -1;
  const clients = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
  expect(kernelQueue([])).toBe(0);
  // All clients have connected when this turn of the event loop has accepted one of them.
  const counts: number[] = [];
  handle.onconnection = (_, connection) => {
    counts.push(kernelQueue([{ descriptor, family: 4 }]));
    connection?.close();
  };
  await Promise.all(clients.map((client) => once(client, 'close')));
  expect(counts.length).toBe(3);
  expect(Math.max(...counts)).toBeGreaterThan(0);
  expect(counts.at(-1)).toBe(0);
  handle.close();
  other.close();
});
