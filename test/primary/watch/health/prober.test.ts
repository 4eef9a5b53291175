import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { Socket, type Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RawConnection } from '../../../../src/primary/handles/raw-handles.ts';
import { Prober, type HandOutcome, type ProbePolicy } from '../../../../src/primary/watch/health/prober.ts';
import type { ServerKind } from '../../../../src/protocol/worker.ts';

/** A fake worker in this process: how it handles a connection. */
interface FakeWorker {
  serve(connection: RawConnection, outcome: HandOutcome): void;
}

const POLICY: ProbePolicy = { path: '/healthz', timeoutMs: 5_000, expect: [[200, 399]] };
const [key, cert] = ['key', 'cert'].map((file) => readFileSync(new URL(`../../../fixtures/tls/${file}.pem`, import.meta.url)));

const open = new Set<Socket>();
let handed: RawConnection[];
let prober: Prober<FakeWorker>;

beforeEach(() => {
  handed = [];
  prober = new Prober((worker, listenerKey, connection, outcome) => {
    expect(listenerKey).toBe('k');
    handed.push(inTwoCopies(connection));
    worker.serve(connection, outcome);
  });
});

afterEach(() => {
  prober.close();
  for (const socket of open) socket.destroy();
  open.clear();
});

/** Duplicates the handle, as sending it to another process does: the connection closes when both copies are closed. */
function inTwoCopies(connection: RawConnection): RawConnection {
  const close: (done?: () => void) => void = connection.close;
  let copies = 2;
  return Object.assign(connection, {
    close: (done?: () => void) => {
      copies--;
      if (copies === 0) close.call(connection, done);
      else if (done !== undefined) process.nextTick(done);
    },
  });
}

const socketOf = (connection: RawConnection): Socket => {
  const socket = new Socket({ handle: connection, readable: true, writable: true } as net.SocketConstructorOpts);
  open.add(socket.once('close', () => open.delete(socket)).on('error', () => {}));
  return socket;
};

const localPortOf = (connection: RawConnection): number => {
  const name: { port?: number } = {};
  (connection as unknown as { getsockname(out: object): void }).getsockname(name);
  return name.port ?? 0;
};

/** Takes the connection and serves it as a worker does. */
const workerOf = (server: Server): FakeWorker => ({
  serve: (connection, outcome) => {
    outcome.taken();
    server.emit('connection', socketOf(connection));
  },
});

const probe = (worker: FakeWorker, kind: ServerKind, policy: Partial<ProbePolicy> = {}): ReturnType<Prober<FakeWorker>['probe']> =>
  prober.probe(worker, { key: 'k', kind }, { ...POLICY, ...policy });

const PASSED = { ok: true, tookMs: expect.any(Number) as number };
const failed = (reason: string): object => ({ ok: false, reason });
const answering =
  (status: number): http.RequestListener =>
  (_, res) =>
    res.writeHead(status).end('x'.repeat(500_000));

describe('an HTTP check', () => {
  it('requests the path over a connection of its own', async () => {
    let seen: http.IncomingMessage | undefined;
    const server = http.createServer((req, res) => {
      seen = req;
      res.end();
    });
    expect(await probe(workerOf(server), 'http')).toEqual(PASSED);
    expect(seen).toMatchObject({ method: 'GET', url: '/healthz', httpVersion: '1.1' });
    expect(seen?.headers).toMatchObject({ host: 'localhost', connection: 'close', 'user-agent': 'lb-health' });
  });

  it('asks with the host and the headers of the definition, over HTTP/1 and HTTP/2', async () => {
    const policy = { host: 'shop.example', headers: { 'X-Probe': 'yes', 'User-Agent': 'kube-probe/1.30' } };
    const seen: http.IncomingHttpHeaders[] = [];
    const answer = ({ headers }: { readonly headers: http.IncomingHttpHeaders }, res: { statusCode: number; end(): unknown }): void => {
      seen.push(headers);
      res.statusCode = (headers.host ?? headers[':authority']) === 'shop.example' ? 200 : 403;
      res.end();
    };
    expect(await probe(workerOf(http.createServer(answer)), 'http')).toEqual(failed('status 403'));
    expect(await probe(workerOf(http.createServer(answer)), 'http', policy)).toEqual(PASSED);
    expect(await probe(workerOf(http2.createServer(answer)), 'h2c', policy)).toEqual(PASSED);
    expect(seen.slice(1)).toMatchObject([
      { host: 'shop.example', 'x-probe': 'yes', 'user-agent': 'kube-probe/1.30' },
      { ':authority': 'shop.example', 'x-probe': 'yes', 'user-agent': 'kube-probe/1.30' },
    ]);
  });

  it('names the host as TLS does', async () => {
    let servername: unknown;
    const server = https.createServer({ key, cert, SNICallback: (name, done) => done(null, ((servername = name), undefined)) }, (_, res) => res.end());
    expect(await probe(workerOf(server), 'https', { host: 'shop.example' })).toEqual(PASSED);
    expect(servername).toBe('shop.example');
  });

  it('names a redirect to another place, whose status counts', async () => {
    const server = http.createServer((_, res) => res.writeHead(301, { location: 'https://shop.example/?a' }).end());
    expect(await probe(workerOf(server), 'http')).toEqual({ ...PASSED, note: 'redirects to https://shop.example/' });
    expect(await probe(workerOf(server), 'http', { expect: [[200, 299]] })).toEqual(failed('status 301, redirects to https://shop.example/'));
    const near = http2.createServer((_, res) => res.writeHead(302, { location: '/login' }).end());
    expect(await probe(workerOf(near), 'h2c')).toEqual(PASSED);
  });

  it.each([
    { status: 200, expected: [[200, 399]], passes: true },
    { status: 399, expected: [[200, 399]], passes: true },
    { status: 400, expected: [[200, 399]], passes: false },
    { status: 503, expected: [[200, 399]], passes: false },
    {
      status: 503,
      expected: [
        [200, 204],
        [503, 503],
      ],
      passes: true,
    },
    {
      status: 205,
      expected: [
        [200, 204],
        [503, 503],
      ],
      passes: false,
    },
  ] as const)('$status is measured by $expected', async ({ status, expected, passes }) => {
    expect(await probe(workerOf(http.createServer(answering(status))), 'http', { expect: expected })).toEqual(passes ? PASSED : failed(`status ${status}`));
  });

  it('skips informational responses, however they are split', async () => {
    const server = net.createServer((socket) => {
      const pieces = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n'.match(/[^]{1,7}/g) ?? [];
      const next = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) socket.end();
        else socket.write(piece, () => setImmediate(next));
      };
      next();
    });
    expect(await probe(workerOf(server), 'http')).toEqual(PASSED);
  });

  it.each<{ what: string; does: (socket: Socket) => void; reason: string }>([
    { what: 'closes', does: (socket) => socket.end(), reason: 'connection closed' },
    { what: 'closes in the middle of the head', does: (socket) => socket.end('HTTP/1.1 20'), reason: 'connection closed' },
    { what: 'resets', does: (socket) => socket.once('data', () => socket.resetAndDestroy()), reason: 'connection reset' },
    { what: 'speaks something else', does: (socket) => socket.write('220 mail.example ESMTP\r\n'), reason: 'not an HTTP answer' },
    { what: 'never ends its first line', does: (socket) => socket.write('x'.repeat(20_000)), reason: 'not an HTTP answer' },
  ])('fails for a server that $what', async ({ does, reason }) => {
    expect(await probe(workerOf(net.createServer(does)), 'http')).toEqual(failed(reason));
  });

  it('fails after the timeout if the server is silent', async () => {
    expect(await probe(workerOf(net.createServer()), 'http', { timeoutMs: 200 })).toEqual(failed('no answer in 0.2 s'));
  });
});

describe('a check of each kind of server', () => {
  const servers: Readonly<Record<ServerKind, (listener: (req: unknown, res: { statusCode: number; end(): void }) => void) => Server>> = {
    http: (listener) => http.createServer(listener as http.RequestListener),
    https: (listener) => https.createServer({ key, cert }, listener as http.RequestListener),
    http2: (listener) => http2.createSecureServer({ key, cert }, listener as never),
    h2c: (listener) => http2.createServer(listener),
    tls: (listener) => https.createServer({ key, cert }, listener as http.RequestListener),
    tcp: (listener) => http.createServer(listener as http.RequestListener),
  };

  it.each(Object.keys(servers) as ServerKind[])('%s passes, and fails with its status', async (kind) => {
    let status = 200;
    const worker = workerOf(
      servers[kind]((_, res) => {
        res.statusCode = status;
        res.end();
      }),
    );
    expect(await probe(worker, kind)).toEqual(PASSED);
    status = 503;
    expect(await probe(worker, kind)).toEqual(failed('status 503'));
  });

  it.each(['https', 'http2', 'tls'] as const)('%s fails if the server does not speak TLS', async (kind) => {
    expect(await probe(workerOf(http.createServer(answering(200))), kind)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^TLS: |^connection /) as string,
    });
  });

  it.each(['http2', 'h2c'] as const)('%s fails when the server closes', async (kind) => {
    const listening =
      kind === 'h2c' ? net.createServer((socket) => socket.destroy()) : tls.createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket) => socket.destroy());
    expect(await probe(workerOf(listening), kind)).toMatchObject({ ok: false, reason: expect.stringMatching(/^connection (closed|reset)/) as string });
  });
});

describe('a check without a path', () => {
  it('passes if the connection stays open, or the server sends data', async () => {
    expect(await probe(workerOf(net.createServer()), 'tcp', { path: null })).toEqual(PASSED);
    expect(await probe(workerOf(net.createServer((socket) => socket.end('Fri Nov 20'))), 'tcp', { path: null })).toEqual(PASSED);
  });

  it('fails if the server closes the connection immediately', async () => {
    expect(await probe(workerOf(net.createServer((socket) => socket.destroy())), 'tcp', { path: null })).toEqual(failed('connection closed'));
  });

  it('completes the TLS handshake, so that the app sees no error', async () => {
    const errors: Error[] = [];
    const server = tls.createServer({ key, cert });
    const secured = new Promise((resolve) => server.once('secureConnection', resolve));
    server.on('tlsClientError', (error) => errors.push(error));
    expect(await probe(workerOf(server), 'tls', { path: null })).toEqual(PASSED);
    await secured;
    expect(errors).toEqual([]);
  });
});

describe('a connection that is not accepted by the worker', () => {
  it('fails, and further checks fail without another connection', async () => {
    const outcomes: HandOutcome[] = [];
    const busy: FakeWorker = { serve: (_, outcome) => outcomes.push(outcome) };
    expect(await probe(busy, 'http', { timeoutMs: 100 })).toEqual(failed('not taken in 0.1 s'));
    expect(await probe(busy, 'http', { timeoutMs: 100 })).toMatchObject({ ok: false, reason: expect.stringMatching(/^not taken in \d/) as string });
    expect(outcomes).toHaveLength(1);
    for (const connection of handed) connection.close();
    outcomes[0]?.taken();
    busy.serve = workerOf(http.createServer(answering(200))).serve;
    await new Promise(setImmediate);
    expect(await probe(busy, 'http')).toEqual(PASSED);
  });

  it('fails if the worker has exited', async () => {
    const dying: FakeWorker = {
      serve: (connection, outcome) => {
        connection.close();
        outcome.lost();
      },
    };
    expect(await probe(dying, 'http')).toEqual(failed('the worker did not take the connection'));
  });

  it('is inconclusive if the worker is full', async () => {
    const full: FakeWorker = {
      serve: (connection, outcome) => {
        outcome.taken();
        setImmediate(() => {
          outcome.refused();
          connection.close();
        });
      },
    };
    expect(await probe(full, 'http')).toBeNull();
    expect(await probe(full, 'tcp', { path: null })).toBeNull();
  });
});

describe('the loopback socket', () => {
  it('gives every worker the connection that was made for it', async () => {
    const workers = Array.from({ length: 20 }, (_, n) => workerOf(http.createServer((_req, res) => res.writeHead(200 + n).end())));
    const results = await Promise.all(workers.map((worker, n) => probe(worker, 'http', { expect: [[200 + n, 200 + n]] })));
    expect(results).toEqual(workers.map(() => PASSED));
  });

  it('closes foreign connections', async () => {
    const port = await new Promise<number>((resolve) => {
      const worker = workerOf(http.createServer(answering(200)));
      const telling: FakeWorker = {
        serve: (connection, outcome) => {
          resolve(localPortOf(connection));
          worker.serve(connection, outcome);
        },
      };
      void probe(telling, 'http');
    });
    const strangers = Array.from(
      { length: 5 },
      () =>
        new Promise((resolve) =>
          net
            .connect(port, '127.0.0.1')
            .on('error', () => {})
            .once('close', resolve),
        ),
    );
    expect(await probe(workerOf(http.createServer(answering(200))), 'http')).toEqual(PASSED);
    await Promise.all(strangers);
    expect(handed).toHaveLength(2);
  });

  it('stops reading an endless response', async () => {
    const endless = http.createServer((_, res) => {
      const more = (error?: Error | null): unknown => (error ?? null) === null && res.write('x'.repeat(10_000), more);
      more();
    });
    expect(await probe(workerOf(endless), 'http')).toEqual(PASSED);
    await vi.waitFor(() => expect(open.size).toBe(0), { timeout: POLICY.timeoutMs / 2 });
  });

  it('leaves no connection behind', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((what) => what === 'TCPSocketWrap').length;
    // Other files that ran in this process may have left some.
    const before = sockets();
    const worker = workerOf(http.createServer(answering(200)));
    for (const path of ['/', null]) await Promise.all(Array.from({ length: 30 }, () => probe(worker, path === null ? 'tcp' : 'http', { path })));
    // Long before the timeout of the checks, which would close all connections.
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), { timeout: POLICY.timeoutMs / 2 });
  });
});
