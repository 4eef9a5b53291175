import { cpuMs } from '../lib/processes.mjs';
import { saturate, loadDescription } from '../lib/load.mjs';
import { median, ratios, sum } from '../lib/stats.mjs';
import { ratio, thousands, us } from '../report/format.mjs';

const WORKER_COUNTS = 'the primary needs less per connection than that of node:cluster, the worker more: it keeps account of connections and requests, for `lb list` and for draining';

/** One run of the load against one app. */
async function runOnce(app, { seconds, keepAlive }) {
  const workers = app.workers;
  const cpu = () => [app.primary, ...workers].map(cpuMs);
  const before = cpu();
  const { answered, failed, perSecond } = await saturate({ port: app.port, seconds, keepAlive });
  const used = cpu().map((ms, index) => ms - before[index]);
  const [, ...ofWorkers] = used;
  return { perSecond, failed, cpuUs: (sum(used) * 1000) / answered, primaryUs: (used[0] * 1000) / answered, share: Math.max(...ofWorkers) / sum(ofWorkers) };
}

/** Every subject in every round, each time beginning with another one. */
async function runRounds(context, keepAlive) {
  const { rounds, seconds } = context.scale;
  const subjects = [context.lb(), context.nodeCluster(), context.pm2()];
  const apps = [];
  for (const subject of subjects) apps.push(await subject.start({ workers: 2 }));
  for (const app of apps) await saturate({ port: app.port, seconds: 1, keepAlive });
  /** @type {Awaited<ReturnType<typeof runOnce>>[][]} */
  const results = apps.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < apps.length; step++) {
      const index = (round + step) % apps.length;
      const result = await runOnce(apps[index], { seconds, keepAlive });
      results[index].push(result);
      const share = `busier worker ${Math.round(result.share * 100)} %`;
      context.progress(`round ${round + 1} ${subjects[index].name}: ${thousands(result.perSecond)}/s, ${us(result.cpuUs)} CPU each, of it primary ${us(result.primaryUs)}, ${share}, ${result.failed} failed`);
    }
  }
  for (const subject of subjects) await context.close(subject);
  return (key) => results.map((runs) => runs.map((run) => run[key]));
}

const how = (what, { rounds, seconds }) =>
  `${what} Load: ${loadDescription}, ${rounds} rounds of ${seconds} s each, the subjects in turn. The ratio is the median (quartiles) of the ratios within each round.`;

export const keepAlive = {
  id: 'keep-alive',
  async run(context) {
    const [lb, cluster, pm2] = (await runRounds(context, true))('perSecond');
    const result = ratios(lb, cluster);
    return [
      {
        measure: 'Requests per second on keep-alive connections, 2 workers',
        target: '≥ 0.97 × node:cluster',
        lb: thousands(median(lb)),
        nodeCluster: thousands(median(cluster)),
        pm2: thousands(median(pm2)),
        result: `${ratio(result, 'node:cluster')}; ${ratio(ratios(lb, pm2), 'PM2')}`,
        met: result.median >= 0.97,
        ifMissed: 'each request is counted and timed in the worker, for `lb list` and for draining, 0.3 to 0.6 µs; the rest is the spread of the rounds',
        how: how('2 workers of the app, every connection kept open.', context.scale),
      },
    ];
  },
};

export const connections = {
  id: 'connections',
  async run(context) {
    const of = await runRounds(context, false);
    const [lb, cluster, pm2] = of('perSecond');
    const [lbCpu, clusterCpu, pm2Cpu] = of('cpuUs');
    const perSecond = ratios(lb, cluster);
    const cpu = ratios(lbCpu, clusterCpu);
    return [
      {
        measure: 'Connections per second, one request each, 2 workers',
        target: '≥ 1.0 × node:cluster',
        lb: thousands(median(lb)),
        nodeCluster: thousands(median(cluster)),
        pm2: thousands(median(pm2)),
        result: `${ratio(perSecond, 'node:cluster')}; ${ratio(ratios(lb, pm2), 'PM2')}`,
        met: perSecond.median >= 1,
        ifMissed: WORKER_COUNTS,
        how: how('2 workers of the app, a new connection for each request (`Connection: close`).', context.scale),
      },
      {
        measure: 'CPU time of primary and workers per connection',
        target: '≤ 1.0 × node:cluster',
        lb: us(median(lbCpu)),
        nodeCluster: us(median(clusterCpu)),
        pm2: us(median(pm2Cpu)),
        result: `${ratio(cpu, 'node:cluster')}; ${ratio(ratios(lbCpu, pm2Cpu), 'PM2')}`,
        met: cpu.median <= 1,
        ifMissed: WORKER_COUNTS,
        how: 'In the same runs: CPU time (user and system) of the primary and both workers, divided by the requests answered. PM2: its daemon is the primary.',
      },
    ];
  },
};
