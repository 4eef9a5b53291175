import { join } from 'node:path';
import { beforeEach, expect, it, type TestContext } from 'vitest';
import { debianPackage, needsPackage } from '../helpers/debian-package.ts';
import { runHaproxy, runNginx } from '../helpers/front.ts';
import { request } from '../helpers/http.ts';
import { startLoad, type Load } from '../helpers/load.ts';
import { freePort } from '../helpers/ports.ts';
import { killProcess, processesOf } from '../helpers/processes.ts';
import { createSandbox, type Sandbox } from '../helpers/sandbox.ts';
import { describeTally, expectLossless, lost, type Tally } from '../helpers/tally.ts';

/** Three hosts, each with an address and an LB_HOME of its own, behind real proxies with what `lb export` wrote for them. */

const HAPROXY = debianPackage('haproxy', 'haproxy');
const NGINX = debianPackage('nginx', 'nginx-light');
/** Also with configurations as one writes them by hand, for the table in docs/deploy/several-hosts.md. */
const ALL = process.env['LB_ENGINES'] === 'all';

interface TestHost {
  readonly address: string;
  readonly sandbox: Sandbox;
  readonly config: string;
}

const sandboxes = [await createSandbox(), await createSandbox(), await createSandbox()] as const;
const addresses = sandboxes.map((_, index) => `127.0.0.${index + 1}`);
let hosts: readonly TestHost[] = [];
let port = 0;
let health = 0;

const SERVER = `
const http = require('node:http');
http.createServer(async (req, res) => {
  let received = 0;
  for await (const chunk of req) received += chunk.length;
  res.end(JSON.stringify({ version: process.env.HOST, pid: process.pid, received }));
}).listen(process.env.PORT, process.env.HOST);
`;

beforeEach(async () => {
  [port, health] = [await freePort(), await freePort()];
  hosts = sandboxes.map((sandbox, index) => {
    const address = addresses[index] ?? '';
    const app = { name: 'api', script: './server.cjs', instances: 2, port, health_port: `${address}:${health}`, env: { HOST: address } };
    sandbox.writeApp('server.cjs', SERVER);
    return { address, sandbox, config: sandbox.writeApp('lb.config.cjs', `module.exports = ${JSON.stringify({ apps: [app] })};\n`) };
  });
  await Promise.all(hosts.map(({ sandbox, config }) => sandbox.ok('start', config)));
});

/** Ends everything of a host at once, as the loss of its power would. */
async function cutPower({ sandbox }: TestHost): Promise<void> {
  await sandbox.waitFor('everything of the host to be gone', () => {
    const found = processesOf(sandbox.directory);
    // Stopped first, so that nothing brings another one back.
    for (const process of found) killProcess(process, 'SIGSTOP');
    for (const process of found) killProcess(process, 'SIGKILL');
    return found.length === 0;
  });
}

interface Front {
  readonly name: string;
  readonly port: number;
  readonly printed: () => string;
}

/** A proxy with the configuration that `lb export` writes. */
async function exported(context: TestContext, target: 'haproxy' | 'nginx'): Promise<Front> {
  const [{ sandbox }] = hosts as [TestHost];
  const front = await freePort();
  const definition = { name: 'api', script: './server.cjs', instances: 2, port, health_port: health };
  const config = sandbox.writeApp('fleet.config.cjs', `module.exports = ${JSON.stringify({ apps: [definition] })};\n`);
  const file = join(sandbox.directory, `${target}.conf`);
  await sandbox.ok('export', target, config, '--hosts', addresses.join(','), '--bind', String(front), '--out', file);
  return { name: `exported ${target}`, port: front, printed: run(context, target, file) };
}

function run(context: TestContext, target: 'haproxy' | 'nginx', file: string): () => string {
  const [{ sandbox }] = hosts as [TestHost];
  return target === 'haproxy'
    ? runHaproxy(needsPackage(context, HAPROXY), file, sandbox.directory)
    : runNginx(needsPackage(context, NGINX), file, join(sandbox.directory, file.includes('plain') ? 'plain' : 'exported'));
}

const PLAIN = {
  haproxy: (front: number, servers: readonly string[]) =>
    `defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\nfrontend f\n  bind :${front}\n  default_backend b\nbackend b\n${servers.map((server, index) => `  server s${index} ${server} check\n`).join('')}`,
  nginx: (front: number, servers: readonly string[]) =>
    `upstream plain { ${servers.map((server) => `server ${server};`).join(' ')} }\nserver { listen ${front}; location / { proxy_pass http://plain; } }\n`,
};

/** A proxy as its own manual begins. */
async function plain(context: TestContext, target: 'haproxy' | 'nginx'): Promise<Front> {
  const [{ sandbox }] = hosts as [TestHost];
  const front = await freePort();
  const servers = addresses.map((address) => `${address}:${port}`);
  const file = sandbox.writeApp(`plain-${target}.conf`, PLAIN[target](front, servers));
  return { name: `plain ${target}`, port: front, printed: run(context, target, file) };
}

const startLoads = (front: Front, bodyBytes?: number): readonly Load[] =>
  (['keep-alive', 'connection-per-request'] as const).map((mode) =>
    startLoad({ port: front.port, mode, clients: 2, hungMs: 20_000, ...(bodyBytes === undefined ? {} : { bodyBytes }) }),
  );

async function allServe({ port: front, printed }: Front): Promise<void> {
  const [{ sandbox }] = hosts as [TestHost];
  const seen = new Set<string>();
  const ask = async (): Promise<boolean> => {
    const { status, body } = await request('/', { port: front });
    if (status === 200) seen.add((JSON.parse(body) as { version: string }).version);
    return seen.size === hosts.length;
  };
  await sandbox.waitFor('every host to be used', ask, { context: printed });
}

/** What was lost while something happened, for each proxy: GET and POST. */
async function during(
  fronts: readonly Front[],
  happen: () => Promise<unknown>,
): Promise<Map<string, { readonly get: readonly Tally[]; readonly post: readonly Tally[] }>> {
  const loads = fronts.map((front) => ({ front, get: startLoads(front), post: startLoads(front, 512) }));
  const all = loads.flatMap(({ get, post }) => [...get, ...post]);
  const served = (): Promise<unknown> => Promise.all(all.map((load) => load.waitForServed(15)));
  await served();
  await happen();
  await served();
  const stopped = (some: readonly Load[]): Promise<Tally[]> => Promise.all(some.map((load) => load.stop()));
  return new Map(await Promise.all(loads.map(async ({ front, get, post }) => [front.name, { get: await stopped(get), post: await stopped(post) }] as const)));
}

type Losses = Awaited<ReturnType<typeof during>>;

function report(what: string, losses: Losses): void {
  if (!ALL) return;
  const sum = (tallies: readonly Tally[]): string =>
    `${tallies.reduce((all, tally) => all + lost(tally), 0)} of ${tallies.reduce((all, tally) => all + tally.served + lost(tally), 0)}`;
  for (const [name, { get, post }] of losses) console.log(`${what}, ${name}: GET ${sum(get)}, POST ${sum(post)}`);
}

const ofExported = (losses: Losses): [string, { readonly get: readonly Tally[]; readonly post: readonly Tally[] }][] =>
  [...losses].filter(([name]) => name.startsWith('exported'));

function expectNothingLost(losses: Losses, what: string): void {
  for (const [name, { get, post }] of ofExported(losses)) for (const tally of [...get, ...post]) expectLossless(tally, `${what}, ${name}`);
}

it('S43: behind HAProxy and nginx as lb export writes them, a reload, lb kill and the return of a host lose nothing', { timeout: 120_000 }, async (context) => {
  const [first, second, third] = hosts as [TestHost, TestHost, TestHost];
  const fronts = [await exported(context, 'haproxy'), await exported(context, 'nginx')];
  if (ALL) fronts.push(await plain(context, 'haproxy'), await plain(context, 'nginx'));
  await Promise.all(fronts.map(allServe));

  const reloads = await during(fronts, async () => {
    for (const { sandbox } of [first, second, third]) await sandbox.ok('reload', 'api', '--monitor', '0');
  });
  report('reload of each host', reloads);
  expectNothingLost(reloads, 'reload of each host');

  const kills = await during(fronts, async () => {
    const { stdout, stderr } = await third.sandbox.ok('kill');
    expect(stdout + stderr).toContain('api reports not ready; draining starts in 5 s');
    await third.sandbox.ok('start', third.config);
    await Promise.all(fronts.map(allServe));
  });
  report('lb kill and start', kills);
  expectNothingLost(kills, 'lb kill and start');

  // A power cut: what HTTP allows to repeat is repeated; a POST that was under way may be lost.
  const cuts = await during(fronts, () => cutPower(second));
  report('power cut', cuts);
  for (const [name, { get, post }] of ofExported(cuts)) {
    for (const tally of get) expectLossless(tally, `power cut, ${name}`);
    const clients = 4;
    const failed = post.reduce((sum, tally) => sum + lost(tally), 0);
    expect(failed, post.map(describeTally).join('\n')).toBeLessThanOrEqual(clients);
  }
  await second.sandbox.ok('start', second.config);
});
