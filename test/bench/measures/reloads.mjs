import { fileURLToPath } from 'node:url';
import { countOutcomes, startClients } from '../lib/load.mjs';
import { bars, ifMeasured, kindsOf, thousands } from '../report/format.mjs';
import { delay } from '../lib/wait.mjs';

const GROUPS = [
  { name: 'keep-alive, busy', clients: 2, keepAlive: true, pauseMs: 0 },
  { name: 'keep-alive, pauses', clients: 16, keepAlive: true, pauseMs: 10 },
  { name: 'connections', clients: 6, keepAlive: false, pauseMs: 5 },
];
const HUNG_MS = 10_000;
const CLIENTS = `clients in a process of their own send requests without retries: ${GROUPS.map((group) => `${group.clients} "${group.name}"`).join(', ')}. A request without an answer for ${HUNG_MS / 1000} s is hung.`;
const isKeepAlive = (name) => name.startsWith('keep-alive');

/** Reloads one after the other under load. */
async function reloadUnderLoad(context, { subject, app, name, times }) {
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(500);
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) await subject.reload(app);
  const tookMs = performance.now() - startedAt;
  await delay(500);
  const tallies = await clients.stop();
  await context.close(clients);
  const all = countOutcomes(tallies);
  context.progress(`${name}: ${times} reloads in ${(tookMs / 1000).toFixed(1)} s, ${all.served} served, ${all.failed} failed ${kindsOf(all.kinds)}`);
  return tallies;
}

/** So that each is measured at two times of the run. */
const inTwo = (times) => [Math.ceil(times / 2), Math.floor(times / 2)].filter((part) => part > 0);

function describe(tallies, which) {
  const { served, failed, kinds } = countOutcomes(tallies, which);
  return `${thousands(failed)} of ${thousands(served + failed)}${failed === 0 ? '' : ` (${kindsOf(kinds)})`}`;
}

export const reloads = {
  id: 'reloads',
  async run(context) {
    const { reloads: times } = context.scale;
    const subjects = [context.lb(), ...context.pm2()];
    const tallies = subjects.map(() => []);
    for (const part of inTwo(times)) {
      for (const [index, subject] of subjects.entries()) {
        const app = await subject.start({ workers: 2 });
        tallies[index].push(...(await reloadUnderLoad(context, { subject, app, name: subject.name, times: part })));
      }
    }
    for (const subject of subjects) await context.close(subject);
    const [lb, pm2] = tallies;
    const how = `The app handles no signal. ${times} reloads with the subject's defaults, 2 workers, in two turns, while ${CLIENTS} node:cluster has no reload.`;
    const row = (title, which) => ({
      measure: `Failed requests in ${times} reloads under load, ${title}`,
      target: '0',
      lb: describe(lb, which),
      nodeCluster: 'n/a',
      pm2: ifMeasured(pm2, (all) => describe(all, which)),
      result: `${countOutcomes(lb, which).failed}`,
      met: countOutcomes(lb, which).failed === 0,
      how,
    });
    const failed = (all) => all && countOutcomes(all).failed;
    const headline = { title: `Failed requests in ${times} reloads under load`, better: 'less', bars: bars({ lb: failed(lb), PM2: failed(pm2) }, thousands) };
    return [{ ...row('keep-alive', isKeepAlive), headline }, row('a new connection for each request', (name) => !isKeepAlive(name))];
  },
};

const CLUSTERING = fileURLToPath(new URL('../programs/clustering.cjs', import.meta.url));
/** Apps that run as one plain process. */
const PLAIN_APPS = [
  { name: 'a plain app', options: {} },
  { name: 'an app that clusters by itself', options: { script: CLUSTERING, listeners: 2 } },
];

export const plainReloads = {
  id: 'plain-reloads',
  async run(context) {
    const { reloads: times } = context.scale;
    const subject = context.lb();
    const tallies = PLAIN_APPS.map(() => []);
    for (const part of inTwo(times)) {
      for (const [index, { name, options }] of PLAIN_APPS.entries()) {
        const app = await subject.startPlain(options);
        tallies[index].push(...(await reloadUnderLoad(context, { subject, app, name, times: part })));
      }
    }
    await context.close(subject);
    const how = `Started without \`-i\`. Neither app handles a signal; the one that clusters by itself forks two workers with \`node:cluster\` (\`test/bench/programs/clustering.cjs\`). ${times} reloads with the defaults, in two turns, while ${CLIENTS}`;
    const row = (index, title, which) => ({
      measure: `Failed requests in ${times} reloads of ${PLAIN_APPS[index].name} under load, ${title}`,
      target: '0',
      lb: describe(tallies[index], which),
      nodeCluster: 'n/a',
      pm2: 'n/a',
      result: `${countOutcomes(tallies[index], which).failed}`,
      met: countOutcomes(tallies[index], which).failed === 0,
      how,
    });
    return [...PLAIN_APPS.keys()].flatMap((index) => [
      row(index, 'keep-alive', isKeepAlive),
      row(index, 'a new connection for each request', (name) => !isKeepAlive(name)),
    ]);
  },
};
