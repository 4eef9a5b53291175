import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { bindListener } from '../../../src/primary/ingress/bind-listener.ts';
import { Listeners } from '../../../src/primary/ingress/listeners.ts';
import { shutIngress } from '../../../src/primary/ingress/shut-ingress.ts';

type Closable = Parameters<typeof shutIngress>[0];

/** Connections arrive in the first rounds only. */
function fakeIngress(comingFor: number, over: Partial<Closable> = {}): { readonly ingress: Closable; readonly log: string[] } {
  const log: string[] = [];
  let [arrivals, handedOut] = [0, 0];
  const ingress: Closable = {
    releaseDuplicates: async () => void log.push('released'),
    takeOver: async () => void log.push('taken over'),
    arrivals: () => (arrivals < comingFor ? ++arrivals : arrivals),
    closeSockets: () => log.push(`closed after ${arrivals}`),
    waiting: () => arrivals - Math.min(arrivals, handedOut++),
    ...over,
  };
  return { ingress, log };
}

it('closes the sockets when all others have released them and no connection arrives, then waits for the queue', async () => {
  const { ingress, log } = fakeIngress(5);
  await shutIngress(ingress);
  expect(log).toEqual(['released', 'taken over', 'closed after 5']);
  expect(ingress.waiting()).toBe(0);
});

it('does not wait forever for a worker that never releases its sockets', async () => {
  const { ingress, log } = fakeIngress(0, { takeOver: () => new Promise(() => {}) });
  await shutIngress(ingress);
  expect(log).toEqual(['released', 'closed after 0']);
});

it('closes eventually even if clients never stop connecting', async () => {
  const { ingress, log } = fakeIngress(Infinity, { waiting: () => 0 });
  await shutIngress(ingress);
  expect(log).toHaveLength(3);
});

it('accepts everything in the queue of the kernel, then refuses', async () => {
  let accepted = 0;
  const listeners = new Listeners({
    bind: bindListener,
    grant: () => Promise.resolve(-13),
    onConnection: (_, connection) => {
      accepted++;
      connection.close();
    },
    onOpened: () => {},
    onClosed: () => {},
    onRenamed: () => {},
    isLent: () => false,
    duplicate: () => Promise.resolve(null),
  });
  const query = {
    key: 'a',
    address: '127.0.0.1',
    port: 0,
    addressType: 4,
    backlog: null,
    flags: 0,
    readableAll: false,
    writableAll: false,
    kind: 'tcp',
  } as const;
  const port = (await listeners.listen(query)).listener?.name?.port ?? 0;
  const come = (): Promise<string> => {
    const client = connect(port, '127.0.0.1');
    return new Promise((resolve) =>
      client
        .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        .once('end', () => resolve('end'))
        .resume(),
    );
  };
  const waiting = Array.from({ length: 100 }, come);
  await new Promise(process.nextTick);
  await shutIngress({
    releaseDuplicates: async () => {},
    takeOver: async () => listeners.narrow('a'),
    arrivals: () => accepted,
    closeSockets: () => listeners.closeAllBut(new Set()),
    waiting: () => 0,
  });
  expect([accepted, new Set(await Promise.all(waiting)), await come()]).toEqual([100, new Set(['end']), 'ECONNREFUSED']);
});
