import { availableParallelism } from 'node:os';
import { runCommand } from '../lib/command.mjs';
import { describeLoad, saturate } from '../lib/load.mjs';
import { privateDirtyBytes, sendSignal } from '../lib/processes.mjs';
import { findProgram } from '../lib/program.mjs';
import { median, medianDifference, ratios } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { megabytes, ms, ratio, signed, thousands, us } from '../report/format.mjs';
import { sideBySide } from './side-by-side.mjs';

const LB = 'lb, plain worker';
const NODE = 'plain node';
/** Longer than the shortest life that lb takes for a stable one. */
const LIVED_MS = 1_200;
const CONNECTIONS_EACH = 10;

const row = (row) => ({ nodeCluster: 'n/a', pm2: 'n/a', ...row });

async function startup(context, lb, plainNode) {
  const { plainStartupRounds: rounds } = context.scale;
  const app = await lb.startPlain({ restartAtOnce: true });
  const took = [];
  const plainTook = [];
  const bootPlain = async () => {
    const plain = await plainNode.start();
    plainTook.push(plain.lastBoot.sinceStartMs);
    await plainNode.stop(plain);
  };
  const bootWorker = async () => {
    const boots = app.boots.length;
    sendSignal(app.lastBoot.pid, 'SIGKILL');
    await app.waitForBoots(boots + 1);
    took.push(app.lastBoot.sinceStartMs);
  };
  for (let round = 0; round < rounds; round++) {
    await delay(LIVED_MS);
    for (const boot of round % 2 === 0 ? [bootPlain, bootWorker] : [bootWorker, bootPlain]) await boot();
  }
  const later = medianDifference(took, plainTook);
  context.progress(`${NODE} ${ms(median(plainTook))}, fastest ${ms(Math.min(...plainTook))}; ${LB} ${ms(median(took))}, fastest ${ms(Math.min(...took))}`);
  return [
    row({
      measure: 'Plain worker: start-up, longer than under plain node',
      target: '≤ 5 ms',
      lb: signed(later, ms),
      result: `${ms(later)} (plain node ${ms(median(plainTook))}, fastest of each ${signed(Math.min(...took) - Math.min(...plainTook), ms)})`,
      met: later <= 5,
      ifMissed: 'the channel to the primary, the preload, and the answer of the primary before the app listens',
      how: `\`performance.now()\` in the app's listen callback, that is the time since its process started, as \`lb start app.cjs\` without \`-i\` compared with \`node app.cjs\`. Killed with SIGKILL and restarted without delay; median of the differences within each of ${rounds} rounds.`,
    }),
  ];
}

async function memory(context, lb, plainNode) {
  const { processes, settleMs } = context.scale;
  const groups = [[], []];
  for (let i = 0; i < processes; i++) {
    groups[0].push(await plainNode.start());
    groups[1].push(await lb.startPlain());
  }
  const sample = async (label) => {
    await delay(settleMs);
    const all = groups.map((apps) => apps.flatMap((app) => app.workers).map(privateDirtyBytes));
    context.progress(`${label}: ${all.map((bytes, i) => `${[NODE, LB][i]} ${bytes.map((one) => (one / 1048576).toFixed(1)).join(' ')}`).join(' | ')}`);
    return all.map(median);
  };
  const idle = await sample('idle');
  for (const { ports } of groups.flat()) await saturate({ ports, seconds: 1, keepAlive: true, connections: CONNECTIONS_EACH });
  const served = await sample('after load');
  const of = (state, [plainBytes, lbBytes], target) =>
    row({
      measure: `Plain worker: private memory, ${state}, more than under plain node`,
      target: target === null ? '–' : `≤ ${megabytes(target)}`,
      lb: signed(lbBytes - plainBytes, megabytes),
      result: `${megabytes(lbBytes - plainBytes)} (plain node ${megabytes(plainBytes)})`,
      met: target === null ? null : lbBytes - plainBytes <= target,
      how: `Private_Dirty of /proc/<pid>/smaps_rollup, median of ${processes} processes of each that run at the same time, ${settleMs / 1000} s after the last start or the end of a load of 1 s on ${CONNECTIONS_EACH} keep-alive connections to each.`,
    });
  return [of('idle', idle, 1048576), of('after load', served, null)];
}

/** One process may be faster than the next of the same program by a tenth, for as long as it lives. */
async function throughput(context, lb, plainNode) {
  const { rounds, seconds, processes } = context.scale;
  const roundsEach = Math.ceil((2 * rounds) / processes);
  const pairs = [];
  for (let i = 0; i < processes; i++) {
    pairs.push([
      { name: LB, target: await lb.startPlain() },
      { name: NODE, target: await plainNode.start() },
    ]);
  }
  const of = async (what, keepAlive, least, ifMissed) => {
    const measured = [];
    for (const pair of pairs) measured.push(await sideBySide(context, pair, { rounds: roundsEach, seconds, keepAlive }));
    const all = (name, key) => measured.flatMap((figures) => figures(name)[key]);
    const result = ratios(all(LB, 'perSecond'), all(NODE, 'perSecond'));
    const cpu = ratio(ratios(all(LB, 'cpuUs'), all(NODE, 'cpuUs')));
    return row({
      measure: `Plain worker: ${what}`,
      target: `≥ ${least} × ${NODE}`,
      lb: thousands(median(all(LB, 'perSecond'))),
      result: `${ratio(result, NODE)}, which had ${thousands(median(all(NODE, 'perSecond')))}; CPU each ${cpu} ×`,
      met: result.median >= least,
      ifMissed,
      how: `${processes} processes of each, in pairs. Load: ${describeLoad()}, ${roundsEach} rounds of ${seconds} s for each pair, in turn. The ratio is the median (quartiles) of the ratios within each round. CPU: user and system time of the worker, and of its primary, for each request.`,
    });
  };
  return [
    await of('requests per second on keep-alive connections', true, 0.95, 'each request is counted and timed, for `lb list` and for draining'),
    await of('connections per second, one request each', false, 0.93, 'each connection and each request is counted, for `lb list` and for draining'),
  ];
}

/** The server on one core, the load on the other. */
async function requestCpu(context, lb, plainNode) {
  const { rounds, processes } = context.scale;
  const taskset = findProgram('taskset');
  if (taskset === null || availableParallelism() < 2) return [];
  const targets = [
    { name: LB, target: await lb.startPlain() },
    { name: NODE, target: await plainNode.start() },
  ];
  for (const { target } of targets) {
    for (const pid of target.workers) await runCommand(taskset, ['-acp', '0', String(pid)], { env: context.workspace.env, cwd: '/' });
  }
  const each = 2 * Math.ceil((rounds * processes) / 12);
  const of = await sideBySide(context, targets, { rounds: each, seconds: 2, keepAlive: true, connections: 32, core: 1 });
  const [own, plain] = [of(LB).cpuUs, of(NODE).cpuUs];
  const more = medianDifference(own, plain);
  return [
    row({
      measure: 'Plain worker: CPU per keep-alive request, server and load on cores of their own, more than under plain node',
      target: '≤ 0.25 µs where plain node needs 9.35 µs: 2.7 %',
      lb: us(median(own)),
      result: `${signed(more, us)} (plain node ${us(median(plain))}); ${ratio(ratios(own, plain), NODE)}`,
      met: ratios(own, plain).median <= 1.027,
      ifMissed: 'each request is counted and timed, for `lb list` and for draining; the rest is the spread of the rounds',
      how: `User and system time of the worker, and of its primary, for each request. Load: wrk, 1 thread, 32 connections, ${each} rounds of 2 s, in turn; median of the differences within each round.`,
    }),
  ];
}

/** A measure of both, each with processes of its own. */
const measureOf = (id, run) => ({
  id,
  async run(context) {
    const [lb, plainNode] = [context.lb(), context.plainNode()];
    const rows = await run(context, lb, plainNode);
    for (const subject of [lb, plainNode]) await context.close(subject);
    return rows;
  },
});

export const plainStartup = measureOf('plain-startup', startup);
export const plainMemory = measureOf('plain-memory', memory);
export const plainThroughput = measureOf('plain-throughput', throughput);
export const plainRequestCpu = measureOf('plain-request-cpu', requestCpu);
