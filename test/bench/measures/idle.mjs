import { cpuMs, privateDirtyBytes } from '../lib/processes.mjs';
import { median, sum } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, megabytes, percent } from '../report/format.mjs';

/** Fraction of a core each group of processes uses over the time. */
async function cpuOf(groups, durationMs) {
  const total = () => groups.map((pids) => sum(pids.map(cpuMs)));
  const before = total();
  const startedAt = performance.now();
  await delay(durationMs);
  const tookMs = performance.now() - startedAt;
  return total().map((ms, index) => (ms - before[index]) / tookMs);
}

export const idle = {
  id: 'idle',
  async run(context) {
    const { idleApps, idleMs, settleMs } = context.scale;
    const subjects = context.supervisors();
    const apps = [];
    for (const subject of subjects) {
      const started = [];
      for (let i = 0; i < idleApps; i++) started.push(await subject.start({ workers: 2 }));
      apps.push(started);
    }
    await delay(settleMs);
    const { daemon } = subjects[0];
    const [lbPrimaries, clusterPrimaries, pm2Daemons = []] = apps.map((started) => [...new Set(started.map((app) => app.primary))]);
    const [daemonCpu, primariesCpu, clusterCpu, lbWorkers, clusterWorkers, pm2Cpu] = await cpuOf(
      [[daemon], lbPrimaries, clusterPrimaries, ...[0, 1].map((i) => apps[i].flatMap((app) => app.workers)), ...pm2Daemons.map((pid) => [pid])],
      idleMs,
    );
    const memory = (pids) => median(pids.map(privateDirtyBytes));
    const [lbMemory, clusterMemory] = [memory(lbPrimaries), memory(clusterPrimaries)];
    context.progress(
      `CPU: lb daemon ${percent(daemonCpu)}, ${idleApps} primaries ${percent(primariesCpu)}, their workers ${percent(lbWorkers)}; node:cluster primaries ${percent(clusterCpu)}, workers ${percent(clusterWorkers)}; PM2's daemon ${ifMeasured(pm2Cpu, percent)}. Memory: lb daemon ${megabytes(privateDirtyBytes(daemon))}, PM2's daemon ${ifMeasured(pm2Daemons[0], (pid) => megabytes(privateDirtyBytes(pid)))}`,
    );
    for (const subject of subjects) await context.close(subject);
    const lbCpu = daemonCpu + primariesCpu;
    return [
      {
        measure: "Private memory of each further app's primary",
        target: '≤ 9 MB',
        lb: megabytes(lbMemory),
        nodeCluster: megabytes(clusterMemory),
        pm2: 'n/a',
        result: megabytes(lbMemory),
        met: lbMemory <= 9 * 1048576,
        ifMissed: 'a process of Node.js has 6 MB before it runs a line',
        how: `Private_Dirty of /proc/<pid>/smaps_rollup, median of the primaries of ${idleApps} apps of 2 workers after ${(settleMs + idleMs) / 1000} s without a request. PM2 has one process for all apps.`,
      },
      {
        measure: `CPU of daemon and primaries, ${idleApps} idle apps of 2 workers`,
        target: '≤ 0.5 % of a core',
        lb: percent(lbCpu),
        nodeCluster: percent(clusterCpu),
        pm2: ifMeasured(pm2Cpu, percent),
        result: `${percent(lbCpu)} (daemon ${percent(daemonCpu)}, primaries ${percent(primariesCpu)})`,
        met: lbCpu <= 0.005,
        ifMissed: 'every worker reports once a second, and each report wakes its primary',
        how: `CPU time (user and system, reaped children too) over ${idleMs / 1000} s without a request, all subjects at the same time. Workers are not counted; those of lb used ${percent(lbWorkers)} in all, those of node:cluster ${percent(clusterWorkers)}.`,
      },
    ];
  },
};
