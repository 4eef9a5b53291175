import { sendSignal } from '../lib/processes.mjs';
import { median, medianDifference } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, ms, signed } from '../report/format.mjs';

/** Longer than the shortest life that each supervisor takes for a stable one. */
const LIVED_MS = 1_200;

export const workerStartup = {
  id: 'worker-startup',
  async run(context) {
    const { startupRounds } = context.scale;
    const supervisors = context.supervisors();
    const plainNode = context.plainNode();
    const apps = [];
    for (const subject of supervisors) apps.push(await subject.start({ workers: 1, restartAtOnce: true }));
    /** @type {number[][]} */
    const took = supervisors.map(() => []);
    const plainTook = [];
    for (let round = 0; round < startupRounds; round++) {
      await delay(LIVED_MS);
      const plain = await plainNode.start();
      plainTook.push(plain.lastBoot.sinceStartMs);
      await plainNode.stop(plain);
      for (const [index, app] of apps.entries()) {
        const boots = app.boots.length;
        sendSignal(app.lastBoot.pid, 'SIGKILL');
        await app.waitForBoots(boots + 1);
        took[index].push(app.lastBoot.sinceStartMs);
      }
    }
    for (const subject of [...supervisors, plainNode]) await context.close(subject);
    const plain = median(plainTook);
    const [lb, cluster, pm2] = took.map((values) => medianDifference(values, plainTook));
    const all = [plainNode, ...supervisors].map(({ name }, index) => ({ name, values: [plainTook, ...took][index] }));
    context.progress(all.map(({ name, values }) => `${name} ${ms(median(values))}, fastest ${ms(Math.min(...values))}`).join('; '));
    return [
      {
        measure: 'Start-up of a worker: longer than under plain node',
        target: '≤ 5 ms',
        lb: signed(lb, ms),
        nodeCluster: signed(cluster, ms),
        pm2: ifMeasured(pm2, (value) => signed(value, ms)),
        result: `${ms(lb)} (plain node ${ms(plain)})`,
        met: lb <= 5,
        ifMissed: 'the channel to the primary, which every worker of node:cluster has, and the preload',
        how: `\`performance.now()\` in the app's listen callback, that is the time since its process started, compared with \`node app.cjs\`. One worker, killed with SIGKILL and restarted without delay by its supervisor; medians of the differences within each of ${startupRounds} rounds.`,
      },
    ];
  },
};
