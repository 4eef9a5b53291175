import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Connection } from '../../src/client/connect.ts';
import { openStream } from '../../src/client/stream.ts';
import { subscribeEvents, subscribeLogs, subscribeStats } from '../../src/client/subscribe.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import type { LogMessage, StreamRecord } from '../../src/protocol/control.ts';
import { FakeDaemon, type Answer } from './fake-daemon.ts';
import { app, done, progress, worker } from './samples.ts';

let daemon: FakeDaemon;
let connection: Connection;
beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
  connection = await connect(daemon.address);
});
afterEach(async () => {
  connection.channel.close();
  await daemon.stop();
});

async function collect(answer: Answer): Promise<StreamRecord[]> {
  daemon.on('POST /v1/apps/api/reload', answer);
  const records: StreamRecord[] = [];
  for await (const record of openStream(connection.channel, 'POST', '/v1/apps/api/reload', { parallel: 2 })) records.push(record);
  return records;
}

describe('openStream', () => {
  it('yields progress and the result, and sends the body', async () => {
    expect(await collect({ stream: [progress(), done('reloaded')] })).toEqual([progress(), done('reloaded')]);
    expect(daemon.orders[0]?.body).toEqual({ parallel: 2 });
  });

  it('puts records together that arrive in pieces, and skips kinds it does not know', async () => {
    const text = `${JSON.stringify({ type: 'later' })}\n${JSON.stringify(progress({ message: 'grüße' }))}\n\n${JSON.stringify(done('ok'))}\n`;
    const bytes = Buffer.from(text);
    const records = await collect((response) => {
      let at = 0;
      const next = (): void => {
        if (at >= bytes.length) return void response.end();
        response.write(bytes.subarray(at, (at += 7)));
        setImmediate(next);
      };
      next();
    });
    expect(records).toEqual([progress({ message: 'grüße' }), done('ok')]);
  });

  it('ends with LB_ERR_DAEMON_GONE when the connection is cut or ends before the result', async () => {
    await expect(collect({ stream: [progress()], cut: true })).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_GONE', exitCode: 4 });
    await expect(collect({ stream: [progress()] })).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_GONE' });
    await expect(collect((response) => void response.socket?.destroy())).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_GONE' });
  });

  it('throws the refusal of the daemon in its own words', async () => {
    const error = new LbError('LB_ERR_APP_NOT_FOUND', { app: 'api', suggestion: '' });
    await expect(collect({ error })).rejects.toMatchObject({ code: error.code, message: error.message, hint: error.hint, exitCode: 3 });
  });

  it('names what is malformed', async () => {
    await expect(collect((response) => void response.end('{oops\n'))).rejects.toMatchObject({ code: 'LB_ERR_MESSAGE' });
    await expect(collect((response) => void response.end('{"type":"progress"}\n'))).rejects.toMatchObject({ code: 'LB_ERR_MESSAGE' });
  });
});

describe('subscribeLogs', () => {
  const line = (text: string): LogMessage => ({ type: 'line', line: { app: 'api', slot: 0, pid: 1, stream: 'out', at: 1, text } });

  it('yields messages until the daemon closes', async () => {
    let url = '';
    daemon.onLogs = (socket, requested) => {
      url = requested;
      for (let i = 0; i < 3_000; i++) socket.send(JSON.stringify(line(String(i))));
      socket.send(JSON.stringify({ type: 'dropped', lines: 9 }));
      socket.close(1000);
    };
    const messages: LogMessage[] = [];
    for await (const message of subscribeLogs(connection.channel, { app: 'api', lines: 5 })) messages.push(message);
    expect(url).toBe('/v1/logs?app=api&lines=5');
    expect(messages).toHaveLength(3_001);
    expect(messages.slice(-2)).toEqual([line('2999'), { type: 'dropped', lines: 9 }]);
  });

  it('ends with LB_ERR_DAEMON_LOST when the daemon dies, and quietly when the caller gives up', async () => {
    daemon.onLogs = (socket) => setTimeout(() => socket.terminate(), 10);
    const all = async (signal?: AbortSignal): Promise<void> => {
      for await (const message of subscribeLogs(connection.channel, { lines: 0 }, signal)) expect(message).toBeDefined();
    };
    await expect(all()).rejects.toMatchObject({ code: 'LB_ERR_DAEMON_LOST' });
    daemon.onLogs = () => {};
    await expect(all(AbortSignal.timeout(30))).resolves.toBeUndefined();
  });

  it('that was given up before it began, or while it began, does not begin', async () => {
    const urls: string[] = [];
    daemon.onLogs = (_socket, url) => void urls.push(url);
    await expect(subscribeLogs(connection.channel, { app: 'a', lines: 0 }, AbortSignal.abort()).next()).resolves.toMatchObject({ done: true });
    const controller = new AbortController();
    const first = subscribeLogs(connection.channel, { app: 'b', lines: 0 }, controller.signal).next();
    controller.abort();
    await expect(first).resolves.toMatchObject({ done: true });
    expect(urls).toEqual([]);
  });

  it('that is given up yields no message more, though some have come', async () => {
    daemon.onLogs = (socket) => ['1', '2', '3'].forEach((text) => socket.send(JSON.stringify(line(text))));
    const controller = new AbortController();
    const texts: unknown[] = [];
    for await (const message of subscribeLogs(connection.channel, { lines: 0 }, controller.signal)) {
      texts.push(message);
      controller.abort();
    }
    expect(texts).toEqual([line('1')]);
  });
});

describe('the other subscriptions', () => {
  it('yield stats, however large, and events, also those of no app', async () => {
    const stats = {
      at: 5,
      apps: Array.from({ length: 200 }, (_, i) => app({ name: `app-${i}`, workers: Array.from({ length: 16 }, (_, slot) => worker({ slot })) })),
    };
    const event = { id: 7, at: 5, app: null, kind: 'daemon-start', severity: 'info', message: 'daemon 1.2.3 has started', details: { unclean: false } };
    expect(JSON.stringify(stats).length).toBeGreaterThan(1024 * 1024);
    daemon.onLogs = (socket, url) => {
      socket.send(JSON.stringify(url === '/v1/stats' ? stats : event));
      socket.close(1000);
    };
    const seen: unknown[] = [];
    for await (const each of subscribeStats(connection.channel)) seen.push(each);
    for await (const each of subscribeEvents(connection.channel)) seen.push(each);
    expect(seen).toEqual([stats, event]);
  });

  it('of stats names what is malformed', async () => {
    daemon.onLogs = (socket) => socket.send('{"at":"now"}');
    await expect(subscribeStats(connection.channel).next()).rejects.toMatchObject({ code: 'LB_ERR_MESSAGE' });
  });
});
