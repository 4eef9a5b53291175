import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { Channel } from '../../src/client/request.ts';
import { stayConnected } from '../../src/client/stay-connected.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import { waitFor } from '../helpers/wait.ts';
import { FakeDaemon, HELLO } from './fake-daemon.ts';

let daemon: FakeDaemon;
let ended: AbortController;

beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
  ended = new AbortController();
});

afterEach(async () => {
  ended.abort();
  await daemon.stop();
});

const untilAborted = (_channel: Channel, signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve()));

it('connects again when the connection is lost, and reports the loss once however often it fails', async () => {
  const log: string[] = [];
  let uses = 0;
  const staying = stayConnected(daemon.address, ended.signal, {
    use: async (channel, signal) => {
      log.push('use');
      if (++uses === 2) return untilAborted(channel, signal);
      // As if another daemon came that does not answer properly at first.
      daemon.on('GET /v1/hello', (response) => {
        daemon.on('GET /v1/hello', { json: HELLO });
        response.end('{}');
      });
      throw new LbError('LB_ERR_DAEMON_LOST');
    },
    onDown: ({ code }) => log.push(code),
  });
  await waitFor('the second connection', () => uses === 2);
  expect(log).toEqual(['use', 'LB_ERR_DAEMON_LOST', 'use']);
  ended.abort();
  await staying;
});

it('uses the connection there is, and reports a use that ends by itself', async () => {
  const { channel } = await connect(daemon.address);
  const used: Channel[] = [];
  const down = await new Promise<LbError>((onDown) => {
    const use = async (each: Channel): Promise<void> => void used.push(each);
    void stayConnected(daemon.address, ended.signal, { use, onDown }, channel);
  });
  expect(down.code).toBe('LB_ERR_DAEMON_LOST');
  expect(used).toEqual([channel]);
});

it('ends with a fatal error, also while it reconnects', async () => {
  const downs: string[] = [];
  const staying = stayConnected(daemon.address, ended.signal, {
    use: async () => {
      daemon.on('GET /v1/hello', { json: { ...HELLO, protocol: 999 } });
      throw new LbError('LB_ERR_DAEMON_LOST');
    },
    onDown: ({ code }) => downs.push(code),
    isFatal: ({ code }) => code !== 'LB_ERR_DAEMON_LOST',
  });
  await expect(staying).rejects.toMatchObject({ code: 'LB_ERR_PROTOCOL' });
  expect(downs).toEqual(['LB_ERR_DAEMON_LOST']);
});

it('ends quietly when the signal aborts, whatever it waits for', async () => {
  const log: string[] = [];
  const onDown = (): unknown => log.push('down');
  const using = stayConnected(daemon.address, ended.signal, { use: untilAborted, onDown });
  await waitFor('the connection', () => daemon.received.length === 1);
  daemon.on('GET /v1/hello', (response) => {
    ended.abort();
    response.end(JSON.stringify(HELLO));
  });
  const use = async (): Promise<void> => void log.push('use');
  const connecting = stayConnected(daemon.address, ended.signal, { use, onDown });
  await Promise.all([using, connecting]);
  expect(log).toEqual([]);
});
