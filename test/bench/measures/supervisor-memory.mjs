import { privateDirtyBytes } from '../lib/processes.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { bars, ifMeasured, megabytes, ratio } from '../report/format.mjs';

export const supervisorMemory = {
  id: 'supervisor-memory',
  async run(context) {
    const { memoryRounds, settleMs } = context.scale;
    const samples = [];
    for (let round = 0; round < memoryRounds; round++) {
      const [lb, pm2] = [context.lb(), ...context.pm2()];
      const lbApp = await lb.start({ workers: 2 });
      const pm2App = await pm2?.start({ workers: 2 });
      await delay(settleMs);
      const sample = { daemon: privateDirtyBytes(lb.daemon), primary: privateDirtyBytes(lbApp.primary), pm2: pm2App && privateDirtyBytes(pm2App.primary) };
      samples.push(sample);
      context.progress(`lb daemon ${megabytes(sample.daemon)}, primary ${megabytes(sample.primary)}; PM2's daemon ${ifMeasured(sample.pm2, megabytes)}`);
      for (const subject of [lb, pm2]) if (subject !== undefined) await context.close(subject);
    }
    const daemon = median(samples.map((sample) => sample.daemon));
    const primary = median(samples.map((sample) => sample.primary));
    const lb = samples.map((sample) => sample.daemon + sample.primary);
    const pm2 = samples.map((sample) => sample.pm2).filter((bytes) => bytes !== undefined);
    const result = pm2.length === 0 ? undefined : ratios(lb, pm2);
    return [
      {
        measure: 'Private memory of the supervisor with one app of 2 workers: daemon and primary',
        target: "≤ 1.3 × PM2's daemon",
        lb: `${megabytes(median(lb))} (${megabytes(daemon)} + ${megabytes(primary)})`,
        nodeCluster: 'n/a',
        pm2: ifMeasured(result, () => megabytes(median(pm2))),
        result: ifMeasured(result, (value) => ratio(value, "PM2's daemon")),
        met: result === undefined ? null : result.median <= 1.3,
        ifMissed: 'two processes of Node.js instead of one, and each has 6 MB before it runs a line',
        headline: {
          title: 'Private memory of the supervisor with one app',
          better: 'less',
          bars: bars({ lb: median(lb), PM2: pm2.length === 0 ? undefined : median(pm2) }, megabytes),
        },
        how: `Private_Dirty of /proc/<pid>/smaps_rollup, ${settleMs / 1000} s after the start of both, medians of ${memoryRounds} fresh starts.`,
      },
    ];
  },
};
