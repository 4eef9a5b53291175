import { availableParallelism } from 'node:os';
import { describeLoad } from '../lib/load.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { bars, ifMeasured, ratio, thousands } from '../report/format.mjs';
import { figuresTable, sideBySide } from './side-by-side.mjs';

const WORKERS = 2;
const AUTO = 'lb';
const DIRECT = 'lb, direct';
const ROUND_ROBIN = 'lb, round-robin';
/** A turn: also its beginning counts, in which the primary still hands over. */
const STORM_SECONDS = 4;
const SINGLE = 'single process';
const CLUSTER = 'node:cluster';

/** Everything that can serve the app, each with as many workers or processes; and a single process. */
async function runAll(context, keepAlive, seconds = context.scale.seconds) {
  const { directRounds: rounds } = context.scale;
  const [lb, plainNode] = [context.lb(), context.plainNode()];
  const others = [context.nodeCluster(), ...context.pm2(), context.independent(), ...context.proxies()];
  const contestants = [
    { name: AUTO, target: await lb.start({ workers: WORKERS }) },
    { name: DIRECT, target: await lb.start({ workers: WORKERS, flags: ['--balance', 'direct'] }) },
    { name: ROUND_ROBIN, target: await lb.start({ workers: WORKERS, flags: ['--balance', 'round-robin'] }) },
    { name: SINGLE, target: await plainNode.start() },
  ];
  for (const other of others) contestants.push({ name: other.name, target: await other.start({ workers: WORKERS }) });
  const of = await sideBySide(context, contestants, { rounds, seconds, keepAlive, threads: WORKERS });
  for (const subject of [lb, plainNode, ...others]) await context.close(subject);
  return {
    of,
    details: figuresTable(
      contestants.map(({ name }) => of(name)),
      of(CLUSTER),
    ),
  };
}

const perSecond = (figures) => thousands(median(figures.perSecond));

/** A line of the table for one judged ratio, connections or requests per second. */
function row(of, { measure, lb, reference, least, others, ...rest }) {
  const result = ifMeasured(of(reference), (figures) => ratios(of(lb).perSecond, figures.perSecond));
  const texts = [{ name: lb, to: reference }, ...others]
    .filter(({ to }) => of(to) !== undefined)
    .map(({ name, to }) => `${name === lb ? '' : `${name.replace('lb, ', '')}: `}${ratio(ratios(of(name).perSecond, of(to).perSecond), to)}`);
  return {
    measure,
    target: `≥ ${least} × ${reference}`,
    lb: perSecond(of(lb)),
    nodeCluster: perSecond(of(CLUSTER)),
    pm2: ifMeasured(of('PM2'), perSecond),
    result: texts.join('; '),
    met: of(reference) === undefined ? null : result.median >= least,
    ...rest,
  };
}

const how = (what, { directRounds, seconds }) =>
  `${what} ${WORKERS} workers or processes each; "separate ports": as many processes with nothing in front, each with its share of the connections; nginx and HAProxy in front of as many processes with connections to them kept open (\`test/bench/proxies\`). Load: ${describeLoad(WORKERS)}, ${directRounds} rounds of ${seconds} s each, the subjects in turn. The load and the subjects share ${availableParallelism()} cores: what the generator uses is missing to all of them, so rates differ less than CPU time does. CPU: user and system time of everything on the path of a request, proxy and primary included.`;

export const storm = {
  id: 'storm',
  async run(context) {
    const { of, details } = await runAll(context, false, STORM_SECONDS);
    const cpu = ratio(ratios(of(AUTO).cpuUs, of(CLUSTER).cpuUs), CLUSTER);
    const common = { lb: DIRECT, how: how('A new connection for each request.', { ...context.scale, seconds: STORM_SECONDS }) };
    const shared = `the load generator takes its part of the same cores: the CPU time per connection is ${cpu}`;
    const middle = (name) => of(name) && median(of(name).perSecond);
    const peers = { lb: middle(AUTO), [CLUSTER]: middle(CLUSTER), PM2: middle('PM2') };
    const headline = { title: 'Requests per second, a new connection each', better: 'more', bars: bars(peers, thousands) };
    const byDefault = { ...common, lb: AUTO, measure: 'By default: connections per second, one request each', ifMissed: shared };
    return [
      row(of, { ...byDefault, reference: CLUSTER, least: 1.9, others: [{ name: AUTO, to: SINGLE }], details, headline }),
      row(of, { ...byDefault, measure: `${byDefault.measure}, against PM2`, reference: 'PM2', least: 2.5, others: [] }),
      row(of, { ...byDefault, measure: `${byDefault.measure}, against \`direct\``, reference: DIRECT, least: 0.95, others: [] }),
      row(of, {
        ...common,
        measure: '`direct`: connections per second, one request each',
        reference: CLUSTER,
        least: 1.9,
        others: [
          { name: DIRECT, to: SINGLE },
          { name: DIRECT, to: 'PM2' },
          { name: DIRECT, to: 'nginx' },
          { name: DIRECT, to: 'HAProxy' },
        ],
        ifMissed: shared,
      }),
      row(of, {
        ...common,
        measure: '`direct`: connections per second, one request each, against separate processes',
        reference: 'separate ports',
        least: 0.9,
        others: [],
        ifMissed: shared,
      }),
    ];
  },
};

export const directKeepAlive = {
  id: 'direct-keep-alive',
  async run(context) {
    const { of, details } = await runAll(context, true);
    const others = [
      { name: ROUND_ROBIN, to: 'HAProxy' },
      { name: DIRECT, to: 'nginx' },
      { name: DIRECT, to: CLUSTER },
      { name: DIRECT, to: 'separate ports' },
    ];
    return [
      row(of, {
        measure: 'Requests per second on keep-alive connections, against a proxy in front of processes',
        lb: ROUND_ROBIN,
        reference: 'nginx',
        least: 1.3,
        others,
        details,
        how: how('Every connection kept open.', context.scale),
      }),
    ];
  },
};
