import { costOf } from '../lib/cost.mjs';
import { inTurn } from '../lib/in-turn.mjs';
import { describeLoad, saturate } from '../lib/load.mjs';
import { median, ratios, sum } from '../lib/stats.mjs';
import { bars, ifMeasured, ratio, thousands, us } from '../report/format.mjs';

const WORKER_COUNTS =
  'the primary needs less per connection than that of node:cluster, the worker more: it keeps account of connections and requests, for `lb list` and for draining';

async function runRounds(context, keepAlive) {
  const { rounds, seconds } = context.scale;
  const subjects = context.supervisors();
  const apps = [];
  for (const subject of subjects) apps.push(await subject.start({ workers: 2 }));
  for (const app of apps) await saturate({ ports: app.ports, seconds: 1, keepAlive });
  const results = await inTurn(rounds, apps.length, async (index, round) => {
    const result = await costOf(apps[index], { seconds, keepAlive });
    const [primaryUs, ...workersUs] = result.eachUs;
    const share = `busier worker ${Math.round((Math.max(...workersUs) / sum(workersUs)) * 100)} %`;
    context.progress(
      `round ${round + 1} ${subjects[index].name}: ${thousands(result.perSecond)}/s, ${us(result.cpuUs)} CPU each, of it primary ${us(primaryUs)}, ${share}, ${result.failed} failed`,
    );
    return result;
  });
  for (const subject of subjects) await context.close(subject);
  return (key) => results.map((runs) => runs.map((run) => run[key]));
}

const perSecondOf = (values) => thousands(median(values));
const againstPm2 = (lb, pm2) => (pm2 === undefined ? '' : `; ${ratio(ratios(lb, pm2), 'PM2')}`);

const how = (what, { rounds, seconds }) =>
  `${what} Load: ${describeLoad()}, ${rounds} rounds of ${seconds} s each, the subjects in turn. The ratio is the median (quartiles) of the ratios within each round.`;

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
        pm2: ifMeasured(pm2, perSecondOf),
        result: `${ratio(result, 'node:cluster')}${againstPm2(lb, pm2)}`,
        met: result.median >= 0.97,
        ifMissed: 'each request is counted and timed in the worker, for `lb list` and for draining, 0.3 to 0.6 µs; the rest is the spread of the rounds',
        headline: {
          title: 'Requests per second, connections kept open',
          better: 'more',
          bars: bars({ lb: median(lb), 'node:cluster': median(cluster), PM2: pm2 && median(pm2) }, thousands),
        },
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
        pm2: ifMeasured(pm2, perSecondOf),
        result: `${ratio(perSecond, 'node:cluster')}${againstPm2(lb, pm2)}`,
        met: perSecond.median >= 1,
        ifMissed: WORKER_COUNTS,
        how: how('2 workers of the app, a new connection for each request (`Connection: close`).', context.scale),
      },
      {
        measure: 'CPU time of primary and workers per connection',
        target: '≤ 1.0 × node:cluster',
        lb: us(median(lbCpu)),
        nodeCluster: us(median(clusterCpu)),
        pm2: ifMeasured(pm2Cpu, (each) => us(median(each))),
        result: `${ratio(cpu, 'node:cluster')}${againstPm2(lbCpu, pm2Cpu)}`,
        met: cpu.median <= 1,
        ifMissed: WORKER_COUNTS,
        how: 'In the same runs: CPU time (user and system) of the primary and both workers, divided by the requests answered. PM2: its daemon is the primary.',
      },
    ];
  },
};
