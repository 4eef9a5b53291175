import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { countOutcomes, startClients } from '../lib/load.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, kindsOf, thousands } from '../report/format.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/versioned.cjs', import.meta.url));
const WORKERS = 3;
/** Together 30 requests per second. */
const GROUPS = [
  { name: 'connections', clients: 3, keepAlive: false, pauseMs: 200 },
  { name: 'keep-alive', clients: 15, keepAlive: true, pauseMs: 1_000 },
];
const BEFORE_MS = 3_000;
const AFTER_MS = 2_000;

/** One deploy of a version that answers 500 to everything. */
async function deploy(context, subject) {
  const app = await subject.start({ workers: WORKERS, script: SCRIPT });
  const before = app.boots.length;
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: 10_000 }));
  await delay(BEFORE_MS);
  writeFileSync(`${app.bootLog}.deployed`, '');
  const startedAt = performance.now();
  const code = await subject.tryReload(app);
  const tookMs = performance.now() - startedAt;
  await delay(AFTER_MS);
  const { served, failed, kinds } = countOutcomes(await clients.stop());
  await context.close(clients);
  const ran = app.boots.length - before;
  context.progress(
    `${subject.name}: exit code ${code} after ${(tookMs / 1000).toFixed(1)} s, ${ran} workers ran it, ${failed} of ${served + failed} failed (${kindsOf(kinds)})`,
  );
  return { code, ran, failed, kinds, all: served + failed };
}

const describe = ({ code, ran, failed, all, kinds }) =>
  `exit code ${code}, ${ran} of ${WORKERS} workers ran it, ${thousands(failed)} of ${thousands(all)} requests failed (${kindsOf(kinds)})`;

export const badVersion = {
  id: 'bad-version',
  async run(context) {
    const results = [];
    for (const subject of [context.lb(), ...context.pm2()]) {
      results.push(await deploy(context, subject));
      await context.close(subject);
    }
    const [lb, pm2] = results;
    return [
      {
        measure: 'A reload under 30 req/s whose new version answers 500 to all',
        target: `fails; at most 1 worker of ${WORKERS} ever ran it`,
        lb: describe(lb),
        nodeCluster: 'n/a',
        pm2: ifMeasured(pm2, describe),
        result: `exit code ${lb.code}, ${lb.ran} worker${lb.ran === 1 ? '' : 's'}`,
        met: lb.code !== 0 && lb.ran <= 1,
        how: `${WORKERS} workers, the subject's defaults. Clients in a process of their own: ${GROUPS.map(({ clients, name, pauseMs }) => `${clients} "${name}" with pauses of ${pauseMs} ms on average`).join(', ')}; from ${BEFORE_MS / 1000} s before the reload until ${AFTER_MS / 1000} s after it. The script stays, and answers 500 when it is started after the deploy (\`test/bench/programs/versioned.cjs\`). node:cluster has no reload.`,
      },
    ];
  },
};
