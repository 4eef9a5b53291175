import { addressesDescription } from '../lib/load.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { ratio, us } from '../report/format.mjs';
import { figuresTable, sideBySide } from './side-by-side.mjs';

const WORKERS = 2;
const REFERENCE = 'round-robin';
const OTHERS = ['least-connections', 'ip-hash', 'random'];

export const strategies = {
  id: 'strategies',
  async run(context) {
    const { strategyRounds: rounds, seconds } = context.scale;
    const subjects = [context.lb(), context.nodeCluster()];
    const [lb, cluster] = subjects;
    const contestants = [];
    for (const name of [REFERENCE, ...OTHERS]) contestants.push({ name, target: await lb.start({ workers: WORKERS, flags: ['--balance', name] }) });
    contestants.push({ name: cluster.name, target: await cluster.start({ workers: WORKERS }) });
    const of = await sideBySide(context, contestants, { rounds, seconds, keepAlive: false, addresses: true });
    for (const subject of subjects) await context.close(subject);
    const reference = of(REFERENCE);
    const costs = OTHERS.map((name) => ({ name, ratio: ratios(of(name).cpuUs, reference.cpuUs) }));
    const dearest = costs.reduce((a, b) => (a.ratio.median >= b.ratio.median ? a : b));
    return [
      {
        measure: 'CPU time per connection, each strategy',
        target: `≤ 1.05 × ${REFERENCE}`,
        lb: [REFERENCE, ...OTHERS].map((name) => `${name} ${us(median(of(name).cpuUs))}`).join(', '),
        nodeCluster: us(median(of(cluster.name).cpuUs)),
        pm2: 'n/a',
        result: costs.map((cost) => `${cost.name} ${ratio(cost.ratio, REFERENCE)}`).join('; '),
        met: dearest.ratio.median <= 1.05,
        details: figuresTable(
          contestants.map(({ name }) => of(name)),
          of(cluster.name),
        ),
        how: `CPU time (user and system) of primary and workers divided by the requests answered, ${WORKERS} workers, a new connection for each request. Load: ${addressesDescription} (ip-hash would give one address to one worker), ${rounds} rounds of ${seconds} s each, the subjects in turn.`,
      },
    ];
  },
};
