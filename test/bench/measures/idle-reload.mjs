import { fileURLToPath } from 'node:url';
import { inTurn } from '../lib/in-turn.mjs';
import { countOutcomes, startClients } from '../lib/load.mjs';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, kindsOf, seconds, thousands } from '../report/format.mjs';

const PATIENT = fileURLToPath(new URL('../programs/patient.cjs', import.meta.url));
const WORKERS = 4;
const LONGEST_S = 15;
const HUNG_MS = 10_000;
/** Longer than any reload: such a client sends its first request only. */
const SILENT_MS = 600_000;
const GROUPS = [
  { name: 'silent after their first request', clients: 30, keepAlive: true, pauseMs: SILENT_MS },
  { name: 'with a request every 3 s', clients: 10, keepAlive: true, pauseMs: 3_000 },
];

/** One reload with connections that are open and idle. */
async function reloadWithIdleClients(context, subject, app) {
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(2_000);
  const startedAt = performance.now();
  await subject.reload(app);
  const tookMs = performance.now() - startedAt;
  // Each of those with a pause has sent another one by then.
  await delay(6_000);
  const outcomes = countOutcomes(await clients.stop());
  await context.close(clients);
  context.progress(`${subject.name}: reload took ${seconds(tookMs)}, ${outcomes.served} served, ${outcomes.failed} failed ${kindsOf(outcomes.kinds)}`);
  return { tookMs, ...outcomes };
}

const took = (runs) => seconds(median(runs.map(({ tookMs }) => tookMs)));

function failures(runs) {
  const total = (of) => runs.reduce((sum, run) => sum + of(run), 0);
  const failed = total((run) => run.failed);
  return { failed, text: `${thousands(failed)} of ${thousands(failed + total((run) => run.served))}` };
}

export const idleReload = {
  id: 'idle-reload',
  async run(context) {
    const { idleReloads } = context.scale;
    const subjects = [context.lb(), ...context.pm2()];
    const apps = [];
    for (const subject of subjects) apps.push(await subject.start({ workers: WORKERS, script: PATIENT }));
    const [lb, pm2] = await inTurn(idleReloads, subjects.length, (index) => reloadWithIdleClients(context, subjects[index], apps[index]));
    for (const subject of subjects) await context.close(subject);
    const longestMs = Math.max(...lb.map(({ tookMs }) => tookMs));
    const common = {
      nodeCluster: 'n/a',
      how: `${WORKERS} workers with a \`keepAliveTimeout\` of 72 s, which handle no signal (\`test/bench/programs/patient.cjs\`). ${idleReloads} reloads with the subject's defaults, the subjects in turn. Keep-alive clients in a process of their own, connected 2 s before each and without retries: ${GROUPS.map(({ clients, name }) => `${clients} ${name}`).join(', ')} on average, until 6 s after the reload. Time of the whole command, median, judged by the longest. node:cluster has no reload.`,
    };
    const measure = `Reload of ${WORKERS} workers with ${GROUPS.reduce((sum, { clients }) => sum + clients, 0)} idle keep-alive clients`;
    return [
      {
        ...common,
        measure,
        target: `≤ ${LONGEST_S} s`,
        lb: took(lb),
        pm2: ifMeasured(pm2, took),
        result: `longest ${seconds(longestMs)}`,
        met: longestMs <= LONGEST_S * 1000,
      },
      {
        ...common,
        measure: `${measure}: failed requests`,
        target: '0',
        lb: failures(lb).text,
        pm2: ifMeasured(pm2, (runs) => failures(runs).text),
        result: `${failures(lb).failed}`,
        met: failures(lb).failed === 0,
      },
    ];
  },
};
