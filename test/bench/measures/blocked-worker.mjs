import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inTurn } from '../lib/in-turn.mjs';
import { runSessions } from '../lib/load.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { ms, percent, ratio, thousands } from '../report/format.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/blocking.cjs', import.meta.url));
const WORKERS = 4;
const SLOW_MS = 25;
/**
 * Requests that meet the blocked worker are slow whatever the balancing; it can only have fewer connections there. So the
 * share of slow ones is chosen to lie a little above 1 % with equal turns: that is where the 99th percentile sees it.
 */
const SESSIONS = { clients: 16, requests: 100, pauseMs: 3, warmUpMs: 800, durationMs: 2_000 };
const SINGLES = { clients: 16, requests: 1, pauseMs: 20, warmUpMs: 100, durationMs: 1_400 };
const LEAST = 'least-connections';

async function runRounds(context, contestants, load) {
  const { blockedRounds } = context.scale;
  const results = await inTurn(blockedRounds, contestants.length, async (index, round) => {
    const { name, app } = contestants[index];
    const { answered, failed, medianMs, p99Ms, slow, byPid } = await runSessions({ port: app.port, ...load, slowMs: SLOW_MS });
    const share = (byPid[readFileSync(`${app.bootLog}.blocked`, 'utf8')] ?? 0) / answered;
    context.progress(
      `round ${round + 1} ${name}, ${load.requests} per connection: ${thousands(answered)} answered, median ${ms(medianMs)}, p99 ${ms(p99Ms)}, ${percent(slow)} slow, ${percent(share)} from the blocked worker, ${failed} failed`,
    );
    return { medianMs, p99Ms, slow, share };
  });
  return (key) => results.map((runs) => runs.map((run) => run[key]));
}

/** One kind of load, as a row. */
function row(contestants, of, { load, title, least, how }) {
  const [cluster, leastConnections, roundRobin] = of('p99Ms');
  const result = ratios(leastConnections, cluster);
  const middle = (key, format) => of(key).map((values) => format(median(values)));
  const columns = [middle('medianMs', ms), middle('p99Ms', ms), middle('slow', percent), middle('share', percent)];
  return {
    measure: `p99 with one of ${WORKERS} workers blocked half of the time, ${title}`,
    target: least === null ? '–' : `≤ ${least} × node:cluster`,
    lb: `${LEAST} ${ms(median(leastConnections))}, round-robin ${ms(median(roundRobin))}`,
    nodeCluster: ms(median(cluster)),
    pm2: 'n/a',
    result: ratio(result, 'node:cluster'),
    met: least === null ? null : result.median <= least,
    details: {
      header: ['', 'median', 'p99', `${SLOW_MS} ms or longer`, "blocked worker's share"],
      lines: contestants.map(({ name }, index) => [name, ...columns.map((column) => column[index])]),
    },
    how: `The first of ${WORKERS} workers blocks its event loop 50 ms out of every 100 ms (\`test/bench/programs/blocking.cjs\`). ${load.clients} clients, ${how} Latency of every request, from the connecting for the first of a connection.`,
  };
}

export const blockedWorker = {
  id: 'blocked-worker',
  async run(context) {
    const [lb, cluster] = [context.lb(), context.nodeCluster()];
    const lbApp = (balance) => lb.start({ workers: WORKERS, script: SCRIPT, flags: ['--balance', balance] });
    const contestants = [
      { name: cluster.name, app: await cluster.start({ workers: WORKERS, script: SCRIPT }) },
      { name: `lb, ${LEAST}`, app: await lbApp(LEAST) },
      { name: 'lb, round-robin', app: await lbApp('round-robin') },
    ];
    const kept = await runRounds(context, contestants, SESSIONS);
    const single = await runRounds(context, contestants, SINGLES);
    for (const subject of [lb, cluster]) await context.close(subject);
    const turns = ({ warmUpMs, durationMs }) =>
      `${context.scale.blockedRounds} rounds of ${durationMs / 1000} s each after a warm-up of ${warmUpMs / 1000} s, the subjects in turn`;
    return [
      row(contestants, kept, {
        load: SESSIONS,
        title: 'keep-alive',
        least: 0.7,
        how: `each with about ${SESSIONS.requests} requests on a connection, pauses of about ${SESSIONS.pauseMs} ms in between, then the next connection; ${turns(SESSIONS)}. A connection lasts longer where answers take longer: taking turns gives that worker as many new ones, least-connections fewer. The requests that meet the blocked worker are a little more than 1 % with equal turns; with far fewer or far more of them both p99 are alike.`,
      }),
      row(contestants, single, {
        load: SINGLES,
        title: 'a new connection for each request',
        least: null,
        how: `a new connection for each request, pauses of about ${SINGLES.pauseMs} ms; ${turns(SINGLES)}. Both hand a worker one connection at a time and wait until it took it, so a blocked one gets no more than that.`,
      }),
    ];
  },
};
