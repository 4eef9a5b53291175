import { countOutcomes, startClients } from '../lib/load.mjs';
import { ifMeasured, kindsOf, thousands } from '../report/format.mjs';
import { delay } from '../lib/wait.mjs';

const GROUPS = [
  { name: 'keep-alive, busy', clients: 2, keepAlive: true, pauseMs: 0 },
  { name: 'keep-alive, pauses', clients: 16, keepAlive: true, pauseMs: 10 },
  { name: 'connections', clients: 6, keepAlive: false, pauseMs: 5 },
];
const HUNG_MS = 10_000;
const isKeepAlive = (name) => name.startsWith('keep-alive');

/** Reloads one after the other under load. */
async function reloadUnderLoad(context, subject, times) {
  const app = await subject.start({ workers: 2 });
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(500);
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) await subject.reload(app);
  const tookMs = performance.now() - startedAt;
  await delay(500);
  const tallies = await clients.stop();
  await context.close(clients);
  const all = countOutcomes(tallies);
  context.progress(`${subject.name}: ${times} reloads in ${(tookMs / 1000).toFixed(1)} s, ${all.served} served, ${all.failed} failed ${kindsOf(all.kinds)}`);
  return tallies;
}

function describe(tallies, which) {
  const { served, failed, kinds } = countOutcomes(tallies, which);
  return `${thousands(failed)} of ${thousands(served + failed)}${failed === 0 ? '' : ` (${kindsOf(kinds)})`}`;
}

export const reloads = {
  id: 'reloads',
  async run(context) {
    const { reloads: times } = context.scale;
    const parts = [Math.ceil(times / 2), Math.floor(times / 2)].filter((part) => part > 0);
    const subjects = [context.lb(), ...context.pm2()];
    const tallies = subjects.map(() => []);
    for (const part of parts) {
      for (const [index, subject] of subjects.entries()) tallies[index].push(...(await reloadUnderLoad(context, subject, part)));
    }
    for (const subject of subjects) await context.close(subject);
    const [lb, pm2] = tallies;
    const how = `The app handles no signal. ${times} reloads with the subject's defaults, 2 workers, in two turns, while clients in a process of their own send requests without retries: ${GROUPS.map((group) => `${group.clients} "${group.name}"`).join(', ')}. A request without an answer for ${HUNG_MS / 1000} s is hung. node:cluster has no reload.`;
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
    return [row('keep-alive', isKeepAlive), row('a new connection for each request', (name) => !isKeepAlive(name))];
  },
};
