import { describeLoad } from '../lib/load.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { bars, ifMeasured, ratio, thousands } from '../report/format.mjs';
import { figuresTable, sideBySide } from './side-by-side.mjs';

const WORKERS = 2;
const SECONDS = 4;
const CLUSTER = 'node:cluster';

const TARGETS = [
  { to: 'PM2', least: 1.4 },
  { to: CLUSTER, least: 1.2 },
];

export const behindNginx = {
  id: 'behind-nginx',
  async run(context) {
    if (context.others.nginx === null) return [];
    const { directRounds: rounds } = context.scale;
    const behind = [
      ...context.supervisors().map((subject) => ({ name: subject.name, subject, flags: [] })),
      { name: 'lb, direct', subject: context.lb(), flags: ['--balance', 'direct'] },
      { name: 'lb, round-robin', subject: context.lb(), flags: ['--balance', 'round-robin'] },
    ];
    const proxies = [];
    const contestants = [];
    for (const { name, subject, flags } of behind) {
      const proxy = context.behindNginx(subject);
      proxies.push(proxy);
      contestants.push({ name, target: await proxy.start({ workers: WORKERS, flags }) });
    }
    const of = await sideBySide(context, contestants, { rounds, seconds: SECONDS, keepAlive: true, threads: 1 });
    for (const proxy of proxies) await context.close(proxy);
    const all = contestants.map(({ name }) => of(name));
    const perSecond = (figures) => thousands(median(figures.perSecond));
    const middle = (name) => of(name) && median(of(name).perSecond);
    const peers = { lb: middle('lb'), [CLUSTER]: middle(CLUSTER), PM2: middle('PM2') };
    const headline = { title: 'Requests per second behind nginx with a bare proxy_pass', better: 'more', bars: bars(peers, thousands) };
    return TARGETS.map(({ to, least }, index) => {
      const found = ifMeasured(of(to), (figures) => ratios(of('lb').perSecond, figures.perSecond));
      return {
        measure: `Requests per second behind nginx with a bare \`proxy_pass\`, against ${to}`,
        target: `≥ ${least} × ${to}`,
        lb: perSecond(of('lb')),
        nodeCluster: perSecond(of(CLUSTER)),
        pm2: ifMeasured(of('PM2'), perSecond),
        result: of(to) === undefined ? 'left out' : ratio(found, to),
        met: of(to) === undefined ? null : found.median >= least,
        ...(index === 0 ? { details: figuresTable(all, of(CLUSTER)), headline } : {}),
        how: `nginx opens a connection to the app for each request, as it does unless it is told otherwise; clients keep theirs to nginx. ${WORKERS} workers each, the default of \`lb\`. Load: ${describeLoad()}, ${rounds} rounds of ${SECONDS} s each, the subjects in turn, all on the same cores.`,
      };
    });
  },
};
