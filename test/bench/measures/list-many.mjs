import { timed } from '../lib/command.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { ms, ratio } from '../report/format.mjs';

const [APPS, WORKERS, MOST] = [50, 8, 1.3];

export const listMany = {
  id: 'list-many',
  async run(context) {
    const { listRounds } = context.scale;
    const populations = [];
    for (const apps of [1, APPS]) {
      const population = context.population();
      await population.open({ apps, workers: WORKERS });
      populations.push({ population, took: [] });
    }
    const { directory: cwd } = context.workspace;
    for (let round = -1; round < listRounds; round++) {
      for (const { population, took } of populations) {
        const tookMs = timed(population.listCommand, { env: population.env, cwd });
        // The first round only fills the caches of the file system.
        if (round >= 0) took.push(tookMs);
      }
    }
    for (const { population } of populations) {
      population.check();
      await context.close(population);
    }
    const [oneMs, manyMs] = populations.map(({ took }) => took);
    const result = ratios(manyMs, oneMs);
    return [
      {
        measure: `\`lb list\` with ${APPS} apps × ${WORKERS} workers, wall time of the whole process`,
        target: `≤ ${MOST} × with one app`,
        lb: `${ms(median(manyMs))} (one app: ${ms(median(oneMs))})`,
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: ratio(result, 'with one app'),
        met: result.median <= MOST,
        how: `Two daemons, with 1 and with ${APPS} busy apps of ${WORKERS} workers that are only told to them, as in the row on the CPU of the daemon. \`node bin/lb.js list\` in turn, ${listRounds} rounds, output into a pipe.`,
      },
    ];
  },
};
