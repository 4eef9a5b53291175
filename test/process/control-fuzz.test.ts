/** @module-tag light */
import { rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { routes } from '../../src/daemon/routes.ts';
import { collectGarbage } from '../helpers/inspector.ts';
import { startLoad } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { privateBytes } from '../helpers/processes.ts';
import { createSandbox } from '../helpers/sandbox.ts';
import { expectLossless } from '../helpers/tally.ts';
import { sampleSpec } from '../lifecycle/sample-spec.ts';
import { garbage } from '../protocol/garbage.ts';
import { FROM_PRIMARY } from '../protocol/samples.ts';

const sandbox = await createSandbox();
const MIB = 1024 * 1024;
const INPUTS = Number(process.env['LB_FUZZ'] ?? 1_500);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const MOST_BYTES_KEPT = 20 * MIB;
const AT_ONCE = 8;

/** A valid body for each route that has one; `null` for a route without. Of the app itself only what cannot be started is asked. */
const bodies = (port: number): Readonly<Record<string, object | null>> => ({
  'GET /v1/hello': null,
  'GET /v1/list': null,
  'GET /v1/apps': null,
  'GET /v1/apps/:name': null,
  'GET /v1/apps/:name/env': null,
  'GET /v1/apps/:name/logs': null,
  'GET /v1/events': null,
  'GET /v1/history': null,
  'GET /v1/histories': null,
  'GET /v1/metrics': null,
  'GET /v1/upgrade': null,
  'POST /v1/upgrade': { program: '/nowhere', node: '/nowhere', back: false },
  'POST /v1/metrics': { listen: { host: '127.0.0.1', port } },
  'POST /v1/share': { shared: { group: 'nobody', gid: process.getgid?.() ?? 0, socket: join(sandbox.directory, 'run', 'lb.sock') } },
  'POST /v1/apps': { apps: [sampleSpec({ name: 'absent', script: '/nowhere/server.js' })] },
  'POST /v1/apps/:name/start': { updateEnv: { A: '1' } },
  'POST /v1/apps/:name/reload': { spec: sampleSpec({ name: 'victim' }), parallel: 1, monitorMs: 10, onFailure: 'rollback', drop: [':1'], allAtOnce: false },
  'POST /v1/apps/:name/restart': { slots: [0], now: true },
  'POST /v1/apps/:name/scale': { to: 2, by: 1, auto: true },
  'POST /v1/apps/:name/balance': { strategy: 'round-robin' },
  'POST /v1/apps/:name/weight': { weights: [{ slot: 0, weight: 1 }] },
  'POST /v1/apps/:name/signal': { signal: 'SIGUSR2', pid: 1 },
  'POST /v1/apps/:name/profile': { what: 'cpu', slot: 0, durationMs: 1, output: join(sandbox.directory, 'profile') },
  'POST /v1/apps/:name/abort': {},
  'POST /v1/apps/:name/stop': { now: true },
  'POST /v1/apps/:name/reopen': {},
  'POST /v1/apps/:name/flush': null,
  'POST /v1/apps/:name/reset': null,
  // Last: then there is no app of this name.
  'DELETE /v1/apps/:name': { now: true },
});
/** They end the daemon. */
const LEFT_OUT = ['POST /v1/shutdown', 'POST /v1/handover'];

interface Input {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

const QUERY = ['app', 'lines', 'since', 'limit', 'metric', 'resolution', 'points', 'slot', 'level'];
const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('victim', '-1', '1e9', '../x', '%00', '', 'NaN', '__proto__', 'x'.repeat(5_000)),
);
const name = fc.oneof({ weight: 3, arbitrary: fc.constant('victim') }, { weight: 1, arbitrary: word.map(encodeURIComponent_) });
const query = fc
  .array(fc.tuple(fc.constantFrom(...QUERY), word), { maxLength: 3 })
  .map((pairs) => pairs.map(([key, value]) => `${key}=${encodeURIComponent_(value)}`).join('&'));
const deep = '['.repeat(20_000);
const broken = fc.constantFrom('', '{', '[1,', 'null', '"', deep, `{"apps":${deep}`, '{"__proto__":{"now":1}}', '\u0000', '9'.repeat(400));

/** A lone surrogate cannot be encoded. */
function encodeURIComponent_(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function inputsOf(route: string, body: object | null, count: number): Input[] {
  const [method = '', path = ''] = route.split(' ');
  const text =
    body === null
      ? fc.constant(null)
      : fc.oneof({ weight: 6, arbitrary: garbage([body]).map((value) => JSON.stringify(value)) }, { weight: 1, arbitrary: broken });
  const input = fc.record({ name, query, text });
  return fc.sample(input, { numRuns: count, seed: SEED }).map(({ name: app, query: search, text: sent }) => ({
    method,
    path: `${path.replace(':name', app)}${search === '' ? '' : `?${search}`}`,
    body: sent ?? null,
  }));
}

const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** @param own agent; one that keeps connections sends on one that the daemon may just have closed, if it was idle for long */
function send({ method, path, body }: Input, own: http.Agent | false = agent): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request({ socketPath: sandbox.socket, agent: own, method, path, headers, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}

async function sendAll(inputs: readonly Input[]): Promise<string[]> {
  const wrong: string[] = [];
  const queue = [...inputs];
  const sender = async (): Promise<void> => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      const { status, text } = await send(input);
      if (status < 200 || status >= 500 || text.includes('LB_ERR_INTERNAL'))
        wrong.push(`${JSON.stringify(input).slice(0, 400)}: ${status} ${text.slice(0, 400)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return wrong;
}

/** Bytes that are no request, or come from no primary. */
async function sendRaw(bytes: Buffer | string, path = sandbox.socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = net.connect(path, () => socket.end(bytes));
    socket.on('error', () => {}).on('close', () => resolve());
    socket.setTimeout(200, () => socket.destroy());
    socket.resume();
  });
}

/** Where primaries attach. */
const attachSocket = join(sandbox.home, 'attach.sock');
const LOGS =
  'GET /v1/logs?lines=x HTTP/1.1\r\nhost: lb\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: x\r\n\r\n';

it('the control socket outlives everything that is sent to it, and lets go of it', async () => {
  const { name: app, port } = await sandbox.start('plain-http.cjs', { instances: 1 });
  const script = sandbox.writeApp('victim.cjs', 'setInterval(() => {}, 1000)');
  await sandbox.start(script, { name: 'victim', instances: 1, flags: ['--wait-ready', '--listen-timeout', '10'] }).catch(() => {});
  await sandbox.ok('stop', 'victim');
  rmSync(script);
  const table = bodies(await freePort());
  const all = [...routes({} as Parameters<typeof routes>[0]).keys()].filter((route) => !LEFT_OUT.includes(route));
  expect(Object.keys(table).sort(), 'a sample for every route').toEqual([...all].sort());

  const load = startLoad({ port, mode: 'keep-alive', clients: 1 });
  const daemon = await sandbox.daemonPid();
  const each = Math.ceil(INPUTS / all.length);
  const warmUp = Object.entries(table).flatMap(([route, body]) => (route.startsWith('DELETE') ? [] : inputsOf(route, body, 10)));
  expect(await sendAll(warmUp), `seed ${SEED}`).toEqual([]);
  await collectGarbage(daemon);
  const before = privateBytes(daemon);
  for (const [route, body] of Object.entries(table)) expect(await sendAll(inputsOf(route, body, each)), `${route}, seed ${SEED}`).toEqual([]);
  const messages = fc.sample(garbage(FROM_PRIMARY), { numRuns: Math.ceil(INPUTS / 50), seed: SEED });
  await Promise.all(messages.map((message) => sendRaw(`${JSON.stringify(message)}\n`, attachSocket)));
  const noise = fc.sample(fc.uint8Array({ maxLength: 4_096 }), { numRuns: Math.ceil(INPUTS / 50), seed: SEED });
  await Promise.all(
    noise.flatMap((bytes) => [sendRaw(Buffer.from(bytes)), sendRaw(Buffer.concat([Buffer.from(LOGS), bytes])), sendRaw(Buffer.from(bytes), attachSocket)]),
  );
  await collectGarbage(daemon);
  expect(privateBytes(daemon) - before).toBeLessThan(MOST_BYTES_KEPT);
  expect(await sandbox.daemonPid()).toBe(daemon);
  expect((await sandbox.ok('events', '--json', '--lines', '500')).stdout).not.toContain('"kind":"bug"');
  expect(sandbox.daemonLog(1_000)).not.toContain('bug:');
  await load.waitForServed(10);
  expectLossless(await load.stop());
  expect(await sandbox.workerPids(app)).toHaveLength(1);
});

it('many large bodies at once use hardly more memory than one, and are freed', async () => {
  await sandbox.start('plain-http.cjs', { instances: 1 });
  const daemon = await sandbox.daemonPid();
  const large = `{"apps":["${'x'.repeat(15 * MIB)}"]}`;
  // The first one brings what the daemon loads for it.
  await send({ method: 'POST', path: '/v1/apps', body: large }, false);
  await sandbox.waitFor('what it used to be freed', () => privateBytes(daemon) < 80 * MIB);
  const before = privateBytes(daemon);
  let most = 0;
  const watching = setInterval(() => (most = Math.max(most, privateBytes(daemon))), 20);
  const answers = await Promise.all(Array.from({ length: 10 }, () => send({ method: 'POST', path: '/v1/apps', body: large }, false)));
  clearInterval(watching);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
  expect((most - before) / MIB).toBeLessThan(150);
  await sandbox.waitFor('the memory to be freed', () => privateBytes(daemon) - before < MOST_BYTES_KEPT);
});
