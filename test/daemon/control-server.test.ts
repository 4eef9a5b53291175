import { statSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ControlServer } from '../../src/daemon/control-server.ts';
import type { RouteAnswer, RouteRequest } from '../../src/daemon/routes.ts';
import { LbError } from '../../src/errors/lb-error.ts';
import type { ProgressRecord, ResultRecord } from '../../src/protocol/control.ts';
import { CONTROL_PROTOCOL } from '../../src/protocol/version.ts';
import { app, progress } from '../client/samples.ts';
import { waitFor } from '../helpers/wait.ts';
import { tempHome } from './temp-home.ts';

type Handler = (request: RouteRequest) => Promise<RouteAnswer> | RouteAnswer;
type Success = Extract<ResultRecord, { ok: true }>;

const result: Success = { type: 'result', ok: true, apps: [app()], message: 'done' };
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

let server: ControlServer;

async function serve(routes: Record<string, Handler>): Promise<string> {
  server = new ControlServer({
    version: '1.2.3',
    log: () => {},
    routes: new Map(Object.entries(routes)),
    onWebSocket: (_request, _socket, _head, url) => {
      if (url.searchParams.has('app')) throw new LbError('LB_ERR_APP_NOT_FOUND', { app: 'nope', suggestion: '' });
      return Promise.resolve(false);
    },
  });
  const path = join(tempHome(), 'lb.sock');
  closers.push(await server.listen(path));
  return path;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function ask(socketPath: string, path: string, { method = 'GET', body, headers = {} }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath, path, method, headers: { host: 'lb', ...headers } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.once('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const json = (reply: Reply): unknown => JSON.parse(reply.text);
const records = (reply: Reply): unknown[] =>
  reply.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** What comes back for an upgrade, up to the end or the first bytes. */
function upgrade(socketPath: string, path: string, headers: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: lb\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`));
    closers.push(() => socket.destroy());
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
}

describe('the control server', () => {
  it('listens on a socket for its owner alone', async () => {
    expect(statSync(await serve({})).mode & 0o777).toBe(0o600);
  });

  it('answers with JSON, the name and the query taken out of the path', async () => {
    const seen: RouteRequest[] = [];
    const path = await serve({
      'GET /v1/apps/:name/logs': (request) => {
        seen.push(request);
        return { json: { lines: [] } };
      },
    });
    const reply = await ask(path, '/v1/apps/my%2Dapp/logs?lines=7');
    expect([reply.status, reply.headers['content-type'], json(reply)]).toEqual([200, 'application/json', { lines: [] }]);
    expect(seen).toMatchObject([{ name: 'my-app', body: undefined }]);
    expect(seen[0]?.query.get('lines')).toBe('7');
  });

  it('is busy while an operation is under way', async () => {
    let finish = (): void => {};
    const run = (): Promise<Success> => new Promise((resolve) => (finish = () => resolve(result)));
    const path = await serve({ 'POST /v1/apps/:name/reload': () => ({ stream: run }) });
    expect(server.isBusy).toBe(false);
    const reply = ask(path, '/v1/apps/api/reload', { method: 'POST' });
    await waitFor('the operation to begin', () => server.isBusy);
    finish();
    await reply;
    expect(server.isBusy).toBe(false);
  });

  it('parses the body', async () => {
    const path = await serve({ 'POST /v1/apps/:name/scale': ({ name, body }) => ({ json: { name, body } }) });
    expect(json(await ask(path, '/v1/apps/api/scale', { method: 'POST', body: '{"to":4}' }))).toEqual({ name: 'api', body: { to: 4 } });
  });

  it.each(['/', '/v2/hello', '/v1/apps/a/b/c', '/v1/apps/api/dance'])('answers 404 for %s', async (unknown) => {
    const reply = await ask(await serve({ 'GET /v1/hello': () => ({ json: {} }) }), unknown);
    expect(reply.status).toBe(404);
    expect(json(reply)).toMatchObject({ error: { code: 'LB_ERR_ROUTE', message: `no such route: GET ${unknown}` } });
  });

  it.each(['//', '/v1/apps/%'])('answers 404 for what is no path: %s', async (malformed) => {
    const path = await serve({
      'GET /v1/apps/:name': ({ name }) => {
        throw new LbError('LB_ERR_APP_NOT_FOUND', { app: name, suggestion: '' });
      },
    });
    expect((await ask(path, malformed)).status).toBe(404);
  });

  it('answers 404 for a known path with another method', async () => {
    const reply = await ask(await serve({ 'GET /v1/hello': () => ({ json: {} }) }), '/v1/hello', { method: 'DELETE' });
    expect([reply.status, json(reply)]).toMatchObject([404, { error: { details: { method: 'DELETE' } } }]);
  });

  it('answers with the status of what a route throws', async () => {
    const path = await serve({
      'GET /v1/apps/:name': ({ name }) => {
        throw new LbError('LB_ERR_APP_NOT_FOUND', { app: name, suggestion: '' });
      },
    });
    const reply = await ask(path, '/v1/apps/nope');
    expect([reply.status, json(reply)]).toMatchObject([404, { error: { code: 'LB_ERR_APP_NOT_FOUND', message: 'no app named "nope"' } }]);
  });

  it('refuses a body that is not JSON', async () => {
    const reply = await ask(await serve({ 'POST /v1/apps': () => ({ json: {} }) }), '/v1/apps', { method: 'POST', body: 'apps=api' });
    expect([reply.status, json(reply)]).toMatchObject([400, { error: { code: 'LB_ERR_MESSAGE', details: { expected: 'JSON', got: 'apps=api' } } }]);
  });

  it('refuses a body that is too large, before all of it was sent', async () => {
    const path = await serve({ 'POST /v1/apps': () => ({ json: {} }) });
    const text = await new Promise<string>((resolve) => {
      const socket = connect(path, () => {
        socket.write('POST /v1/apps HTTP/1.1\r\nHost: lb\r\nContent-Length: 99999999\r\n\r\n');
        socket.write(Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
      });
      closers.push(() => socket.destroy());
      // The rest of the body meets a closed connection.
      socket.on('error', () => {});
      socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('"code":"LB_ERR_MESSAGE"');
    expect(text).toContain(`at most ${16 * 1024 * 1024} bytes`);
  });

  it('refuses another protocol before anything else, and takes a person with curl, who sends none', async () => {
    const path = await serve({ 'GET /v1/hello': () => ({ json: { ok: true } }) });
    const reply = await ask(path, '/v1/nonsense', { headers: { 'x-lb-protocol': '999' } });
    expect([reply.status, json(reply)]).toMatchObject([
      426,
      { error: { code: 'LB_ERR_PROTOCOL', details: { ours: '999', theirs: CONTROL_PROTOCOL, version: '1.2.3' } } },
    ]);
    expect((await ask(path, '/v1/hello', { headers: { 'x-lb-protocol': String(CONTROL_PROTOCOL) } })).status).toBe(200);
    expect((await ask(path, '/v1/hello')).status).toBe(200);
  });
});

describe('a stream', () => {
  const stream = (run: (write: (record: ProgressRecord) => void) => Promise<Success>): Record<string, Handler> => ({
    'POST /v1/apps/:name/reload': () => ({ stream: run }),
  });
  const reload = (path: string): Promise<Reply> => ask(path, '/v1/apps/api/reload', { method: 'POST' });

  it('is progress, then exactly one result', async () => {
    const reply = await reload(
      await serve(
        stream((write) => {
          write(progress({ message: 'one' }));
          write(progress({ message: 'two' }));
          return Promise.resolve(result);
        }),
      ),
    );
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    expect(records(reply)).toEqual([progress({ message: 'one' }), progress({ message: 'two' }), result]);
  });

  it('is sent as it happens', async () => {
    let go = (): void => {};
    const path = await serve(
      stream((write) => {
        write(progress({ message: 'under way' }));
        return new Promise((resolve) => {
          go = () => resolve(result);
        });
      }),
    );
    const text = await new Promise<string>((resolve, reject) => {
      const sent = httpRequest({ socketPath: path, path: '/v1/apps/api/reload', method: 'POST', headers: { host: 'lb' } }, (response) => {
        response.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          go();
          response.resume();
        });
      });
      sent.once('error', reject);
      sent.end();
    });
    expect(JSON.parse(text)).toEqual(progress({ message: 'under way' }));
  });

  it('that fails before its first record has the status of the failure', async () => {
    const reply = await reload(
      await serve(stream(() => Promise.reject(new LbError('LB_ERR_APP_STOPPED', { app: 'api', state: 'stopped', operation: 'reload' })))),
    );
    expect([reply.status, json(reply)]).toMatchObject([409, { error: { code: 'LB_ERR_APP_STOPPED' } }]);
  });

  it('that fails later ends with a result that says so', async () => {
    const reply = await reload(
      await serve(
        stream((write) => {
          write(progress());
          return Promise.reject(new LbError('LB_ERR_RELOAD_FAILED', { app: 'api', reason: 'worker 0: exit code 1' }, ['Error: no database']));
        }),
      ),
    );
    expect(reply.status).toBe(200);
    expect(records(reply)).toMatchObject([
      { type: 'progress' },
      { type: 'result', ok: false, error: { code: 'LB_ERR_RELOAD_FAILED', output: ['Error: no database'] } },
    ]);
  });

  it('goes on when its reader went away', async () => {
    const ended = new Promise<void>((resolve) => {
      void serve(
        stream(async (write) => {
          for (let n = 0; n < 20; n++) {
            write(progress({ message: 'x'.repeat(100_000) }));
            await new Promise((next) => setImmediate(next));
          }
          resolve();
          return result;
        }),
      ).then((path) => {
        const socket = connect(path, () => socket.write('POST /v1/apps/api/reload HTTP/1.1\r\nHost: lb\r\nContent-Length: 0\r\n\r\n'));
        socket.once('data', () => socket.destroy());
        socket.on('error', () => {});
      });
    });
    await ended;
  });
});

describe('an upgrade', () => {
  it.each([
    ['of a client with another protocol', '/v1/logs', 'Upgrade: websocket\r\nX-Lb-Protocol: 999', '426', 'LB_ERR_PROTOCOL'],
    ['to what is no path', '//', 'Upgrade: websocket', '404', 'LB_ERR_ROUTE'],
    ['to an unknown path', '/v1/nope', 'Upgrade: websocket', '404', 'LB_ERR_ROUTE'],
    ['that the live data refuses', '/v1/logs?app=nope', 'Upgrade: websocket', '404', 'LB_ERR_APP_NOT_FOUND'],
  ])('%s is refused with a reason', async (_, path, headers, status, code) => {
    const answer = await upgrade(await serve({}), path, headers);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code } });
  });
});
