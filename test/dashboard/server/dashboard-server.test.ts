import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { PageMessage } from '../../../src/dashboard/messages.ts';
import { DashboardServer } from '../../../src/dashboard/server/dashboard-server.ts';
import { LbError } from '../../../src/errors/lb-error.ts';
import { FakeDaemon, HELLO } from '../../client/fake-daemon.ts';
import { app, done } from '../../client/samples.ts';
import { request, type Answer } from '../../helpers/http.ts';
import { waitFor } from '../../helpers/wait.ts';

const FILES = { 'index.html': '<title>page</title>', 'app.js': 'page()', 'app.css': 'p {}' };

/** No word about what is there. */
const REFUSED = 'Refused: open the page with the URL that "lb dashboard" printed.\n';

const holder = async (): Promise<string> => 'pid 7 (node old.js)';

let daemon: FakeDaemon;
let assets: string;
let server: DashboardServer;
let port: number;
let token: string;
let cookie: string;

async function serve(allowActions: boolean): Promise<void> {
  server = new DashboardServer({
    address: daemon.address,
    version: '1.2.3',
    assets: pathToFileURL(`${assets}/`),
    host: '127.0.0.1',
    port: 0,
    allowActions,
    holder,
  });
  const url = new URL(await server.listen());
  port = Number(url.port);
  token = url.searchParams.get('token') ?? '';
  cookie = `lb-dashboard-${port}=${token}`;
}

beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
  assets = mkdtempSync(join(tmpdir(), 'lb-assets-'));
  for (const [name, text] of Object.entries(FILES)) {
    writeFileSync(join(assets, name), text);
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(text));
  }
  await serve(true);
});

afterEach(async () => {
  server.close();
  await daemon.stop();
  rmSync(assets, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> => request(path, { port, headers });
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  request(path, { port, method: 'POST', body: JSON.stringify(body), headers: { cookie, origin: `http://127.0.0.1:${port}`, ...headers } });

/** The first message, or the status that refused it. */
function webSocket(path: string, headers: Record<string, string>): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer) => resolve(JSON.parse(String(data))));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('error', () => {});
  }).finally(() => socket.terminate());
}

describe('the token', () => {
  it('opens the page and becomes a cookie that no script and no other site can use', async () => {
    const { status, body, headers } = await get(`/?token=${token}`);
    expect({ status, body }).toEqual({ status: 200, body: FILES['index.html'] });
    expect(headers['set-cookie']).toEqual([`${cookie}; HttpOnly; SameSite=Strict; Path=/`]);
    for (const [path, text] of [
      ['/', FILES['index.html']],
      ['/app.js', FILES['app.js']],
      ['/app.css', FILES['app.css']],
    ] as const) {
      expect(await get(path, { cookie: `other=1; ${cookie}` })).toMatchObject({ status: 200, body: text });
    }
  });

  it('differs each time', async () => {
    const before = token;
    server.close();
    await serve(true);
    expect(token).not.toBe(before);
    expect(token.length).toBeGreaterThanOrEqual(32);
  });

  it.each(['/', '/?token=', '/?token=wrong', '/app.js', '/app.css', '/api/histories?app=api', '/nowhere'])('%s without it gets nothing', async (path) => {
    const { status, body, headers } = await get(path, { cookie: `lb-dashboard-${port}=${token.slice(1)}; lb-dashboard-1=${token}` });
    expect({ status, body }).toEqual({ status: 401, body: expect.stringContaining('run "lb dashboard" again to get a new one') as string });
    expect(headers['set-cookie']).toBeUndefined();
    expect(daemon.received).toEqual([]);
  });

  it('in a URL opens the page and nothing else', async () => {
    expect(await get(`/app.js?token=${token}`)).toMatchObject({ status: 401 });
    expect(await get(`/api/histories?token=${token}`)).toMatchObject({ status: 401 });
  });

  it('is needed for a WebSocket', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect(await webSocket('/live', { origin })).toBe(401);
    expect(await webSocket('/live', { origin, cookie: `${cookie}x` })).toBe(401);
    expect(await webSocket('/live', { origin, cookie })).toMatchObject({ type: 'welcome', version: '1.2.3', actions: true } satisfies Partial<PageMessage>);
  });
});

describe('other places', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', 'localhost'])('Host %j gets nothing, even with the token', async (host) => {
    expect(await get(`/?token=${token}`, { host, cookie })).toMatchObject({ status: 403, body: REFUSED });
    expect(await webSocket('/live', { host, origin: `http://${host}`, cookie })).not.toMatchObject({ type: 'welcome' });
  });

  it('localhost is the same place', async () => {
    expect(await get('/', { host: `localhost:${port}`, cookie })).toMatchObject({ status: 200 });
  });

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://127.0.0.1'])('Origin %s gets no WebSocket and no action', async (origin) => {
    expect(await webSocket('/live', { origin, cookie })).toBe(403);
    expect(await webSocket('/logs', { origin, cookie })).toBe(403);
    expect(await post('/api/apps/api/reload', {}, { origin })).toMatchObject({ status: 403, body: REFUSED });
    expect(daemon.received).toEqual([]);
  });

  it('no Origin is none of a browser page, and gets none of them either', async () => {
    expect(await webSocket('/live', { cookie })).toBe(403);
    expect(await request('/api/apps/api/reload', { port, method: 'POST', body: '{}', headers: { cookie } })).toMatchObject({ status: 403, body: REFUSED });
  });
});

it('every answer keeps other places out of the page', async () => {
  for (const answer of [await get('/', { cookie }), await get('/'), await get('/api/histories', { cookie }), await post('/api/apps/api/reload', {})]) {
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;/,
    );
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});

it.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip', 'gzip'],
  ['br;q=0, GZIP;q=0.5', 'gzip'],
  ['br;q=0.0,gzip;q=0', null],
  ['identity', null],
])('to Accept-Encoding %j it answers with %s', async (accepted, expected) => {
  const response = await fetch(`http://127.0.0.1:${port}/app.js`, { headers: { cookie, 'accept-encoding': accepted } });
  expect(response.headers.get('content-encoding')).toBe(expected);
  expect(response.headers.get('vary')).toBe('accept-encoding');
  expect(await response.text()).toBe(FILES['app.js']);
});

describe('actions', () => {
  it('are refused without --allow-actions', async () => {
    server.close();
    await serve(false);
    for (const action of ['start', 'reload', 'restart', 'stop', 'scale', 'balance']) {
      const { status, body } = await post(`/api/apps/api/${action}`, { by: 1 });
      expect(status).toBe(403);
      expect(body).toContain('--allow-actions');
    }
    expect(daemon.received).toEqual([]);
  });

  it('are streamed as the daemon tells them', async () => {
    const end = done('api reloaded');
    daemon.on('POST /v1/apps/api/reload', { stream: [end] });
    const { status, body } = await post('/api/apps/api/reload', {});
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual(end);
  });

  it.each(['start', 'reload', 'restart', 'stop'])('%s brings nothing along: no definition, no environment', async (action) => {
    daemon.on(`POST /v1/apps/api/${action}`, { stream: [done('done')] });
    await post(`/api/apps/api/${action}`, { spec: { script: '/tmp/evil.js' }, updateEnv: { NODE_OPTIONS: '--require /tmp/evil.js' }, now: true });
    expect(daemon.orders.map(({ body }) => body)).toEqual([{}]);
  });

  it('scale and balance take what they need, and nothing else', async () => {
    daemon.on('POST /v1/apps/api/scale', { stream: [done('done')] }).on('POST /v1/apps/api/balance', { stream: [done('done')] });
    expect(await post('/api/apps/api/scale', { by: -1 })).toMatchObject({ status: 200 });
    expect(await post('/api/apps/api/balance', { strategy: 'ip-hash' })).toMatchObject({ status: 200 });
    expect(await post('/api/apps/api/scale', { by: 'many' })).toMatchObject({ status: 400 });
    expect(daemon.orders.map(({ body }) => body)).toEqual([{ by: -1 }, { strategy: 'ip-hash' }]);
  });

  it('tell the reason of the daemon', async () => {
    daemon.on('POST /v1/apps/api/reload', { error: new LbError('LB_ERR_APP_STOPPED', { app: 'api', state: 'stopped', operation: 'reload' }) });
    const { status, body } = await post('/api/apps/api/reload', {});
    expect(status).toBe(409);
    expect(body).toContain('is stopped');
  });

  it.each(['/api/apps/api/delete', '/api/apps/api/signal', '/api/apps/..%2Fshutdown/reload', '/v1/shutdown', '/'])('POST %s is none', async (path) => {
    expect(await post(path, {})).toMatchObject({ status: 404 });
    expect(daemon.orders).toEqual([]);
  });
});

it('hands histories on', async () => {
  const histories = { series: [{ app: 'api', slot: null, metric: 'rps', from: 1, stepMs: 1000, values: [1, null] }] };
  daemon.on('GET /v1/histories?resolution=1s&metric=rps', { json: histories });
  expect(JSON.parse((await get('/api/histories?resolution=1s&metric=rps', { cookie })).body)).toEqual(histories);
  expect(await get('/api/histories?resolution=none', { cookie })).toMatchObject({ status: 404 });
});

describe('the live connection', () => {
  const next = async (messages: AsyncIterator<PageMessage>, is: (message: PageMessage) => boolean): Promise<PageMessage> => {
    for (;;) {
      const { value } = (await messages.next()) as { value: PageMessage };
      if (is(value)) return value;
    }
  };

  it('tells of the apps, that the daemon is gone, and of the apps again when it is back', async () => {
    const ofDaemon: WebSocket[] = [];
    daemon.onLogs = (socket, url) => {
      ofDaemon.push(socket);
      if (url.startsWith('/v1/stats')) socket.send(JSON.stringify({ at: 5, apps: [app()] }));
    };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers: { origin: `http://127.0.0.1:${port}`, cookie } });
    const messages = received(socket);
    expect(await next(messages, ({ type }) => type === 'stats')).toMatchObject({ at: 5, apps: [{ name: 'api' }] });
    for (const socket of ofDaemon) socket.terminate();
    expect(await next(messages, ({ type }) => type === 'daemon')).toMatchObject({
      up: false,
      reason: expect.stringContaining('its apps keep serving') as string,
    });
    expect(await next(messages, ({ type }) => type === 'daemon')).toMatchObject({ up: true });
    expect(await next(messages, ({ type }) => type === 'stats')).toMatchObject({ at: 5 });
    socket.terminate();
  });
});

describe('a page that leaves while the daemon is asked', () => {
  it.each(['/live', '/logs', '/logs?app=api'])('%s leaves no subscription behind', async (path) => {
    const followed = new Set<string>();
    daemon.onLogs = (socket, url) => {
      followed.add(url);
      socket.once('close', () => followed.delete(url));
    };
    daemon.on('GET /v1/apps/api', { json: app() });
    const hello = await new Promise<ServerResponse>((resolve) => {
      daemon.on('GET /v1/hello', resolve);
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { origin: `http://127.0.0.1:${port}`, cookie } });
      socket.once('open', () => socket.close());
    });
    daemon.on('GET /v1/hello', { json: HELLO });
    const other = new WebSocket(`ws://127.0.0.1:${port}/logs?app=other`, { headers: { origin: `http://127.0.0.1:${port}`, cookie } });
    daemon.on('GET /v1/apps/other', (response) => {
      hello.end(JSON.stringify(HELLO));
      response.end(JSON.stringify(app()));
    });
    await waitFor('the other subscription to be the only one', () => [...followed].join() === '/v1/logs?app=other&lines=500');
    other.terminate();
  });
});

async function* received(socket: WebSocket): AsyncGenerator<PageMessage> {
  const unread: PageMessage[] = [];
  let wake = (): void => {};
  socket.on('message', (data: Buffer) => {
    unread.push(JSON.parse(String(data)) as PageMessage);
    wake();
  });
  for (;;) {
    const message = unread.shift();
    if (message !== undefined) yield message;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

it.each([
  ['127.0.0.1', () => port, 'the port is in use by pid 7 (node old.js)'],
  ['192.0.2.1', () => 0, 'this machine has no such address'],
])('says why it cannot listen on %s', async (host, portOf, reason) => {
  const second = new DashboardServer({
    address: daemon.address,
    version: '1.2.3',
    assets: pathToFileURL(`${assets}/`),
    host,
    port: portOf(),
    allowActions: false,
    holder,
  });
  await expect(second.listen()).rejects.toMatchObject({
    code: 'LB_ERR_DASHBOARD_LISTEN',
    exitCode: 1,
    message: `cannot serve the dashboard at ${host}${portOf() === 0 ? '' : `:${port}`}: ${reason}`,
  });
});
