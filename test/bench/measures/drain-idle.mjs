import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ms, seconds, thousands } from '../report/format.mjs';
import { markdownTable } from '../report/markdown.mjs';

const PATIENT = fileURLToPath(new URL('../programs/patient.cjs', import.meta.url));
const DISTANT = fileURLToPath(new URL('../programs/distant.cjs', import.meta.url));
const WORKERS = 2;
const DRAIN_IDLE_S = [1, 2, 5, 10];
const CLIENTS = { clients: 800, meanPauseMs: 3_000, oneWayMs: 10, bodyBytes: 512 };
/** Until nearly all have connected. */
const WARM_UP_MS = 6_000;
/** As long as the reloads of the middle of them. */
const OWN_TIMEOUT_MS = 25_000;

/** What became of the requests of far clients while something was done. */
async function counted(context, port, work) {
  const child = fork(DISTANT, [JSON.stringify({ port, ...CLIENTS })], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const clients = context.own({
    async close() {
      child.kill('SIGKILL');
    },
  });
  const count = async () => {
    const answer = once(child, 'message');
    child.send('count');
    return (await answer)[0];
  };
  await delay(WARM_UP_MS);
  const before = await count();
  const result = await work();
  const after = await count();
  await context.close(clients);
  return { served: after.served - before.served, failed: after.failed - before.failed, roundTripMs: median(after.roundTripsMs), result };
}

const perMillion = ({ served, failed }) => thousands((failed * 1e6) / (served + failed));
const ofAll = ({ served, failed }) => `${thousands(failed)} of ${thousands(served + failed)}`;

async function reloads(context, drainIdleS) {
  const times = context.scale.drainReloads;
  const lb = context.lb();
  const app = await lb.start({ workers: WORKERS, script: PATIENT, flags: ['--drain-idle', `${drainIdleS}s`] });
  const outcome = await counted(context, app.port, async () => {
    const took = [];
    for (let i = 0; i < times; i++) {
      const startedAt = performance.now();
      await lb.reload(app);
      took.push(performance.now() - startedAt);
    }
    return median(took);
  });
  await context.close(lb);
  context.progress(`drain_idle ${drainIdleS} s: ${ofAll(outcome)} failed, a reload took ${seconds(outcome.result)}, round trip ${ms(outcome.roundTripMs)}`);
  const each = (outcome.failed * 1000) / (CLIENTS.clients * times);
  return [
    `${drainIdleS} s${drainIdleS === 10 ? ' (default)' : ''}`,
    seconds(outcome.result),
    ms(outcome.roundTripMs),
    ofAll(outcome),
    perMillion(outcome),
    each.toFixed(2),
  ];
}

/** What a server costs that closes idle connections by its own timeout, without any reload. */
async function ownTimeout(context) {
  const plainNode = context.plainNode();
  const { port } = await plainNode.start();
  const outcome = await counted(context, port, () => delay(OWN_TIMEOUT_MS));
  await context.close(plainNode);
  context.progress(`plain node, no reload: ${ofAll(outcome)} failed`);
  return ["no reload, `node app.js` with Node's `keepAliveTimeout` of 5 s", '–', ms(outcome.roundTripMs), ofAll(outcome), perMillion(outcome), '–'];
}

export const drainIdle = {
  id: 'drain-idle',
  page: 'docs/reliability.md',
  /** @param {import('../context.mjs').Context} context @returns {Promise<string>} */
  async run(context) {
    const lines = [];
    for (const each of DRAIN_IDLE_S) lines.push(await reloads(context, each));
    lines.push(await ownTimeout(context));
    const header = ['`drain_idle`', 'a reload takes', 'round trip, median', 'failed POSTs during reloads', 'per million', 'per reload and 1,000 connections'];
    return `${markdownTable(header, lines)}\n\nReloads one after the other: ${context.scale.drainReloads} for each value.`;
  },
};
