import { availableParallelism } from 'node:os';
import { saturate } from '../lib/load.mjs';
import { privateDirtyBytes } from '../lib/processes.mjs';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, megabytes, signed } from '../report/format.mjs';

const CONNECTIONS_EACH = 10;

export const workerMemory = {
  id: 'worker-memory',
  async run(context) {
    const { processes, settleMs } = context.scale;
    const subjects = context.supervisors();
    const plainNode = context.plainNode();
    const apps = [[]];
    for (let i = 0; i < processes; i++) apps[0].push(await plainNode.start());
    for (const subject of subjects) apps.push([await subject.start({ workers: processes })]);
    const names = [plainNode, ...subjects].map((subject) => subject.name);
    const sample = async (label) => {
      await delay(settleMs);
      const all = apps.map((group) => group.flatMap((app) => app.workers).map(privateDirtyBytes));
      context.progress(`${label}: ${names.map((name, i) => `${name} ${all[i].map((bytes) => (bytes / 1048576).toFixed(1)).join(' ')}`).join(' | ')}`);
      return all.map(median);
    };
    const idle = await sample('idle');
    for (const app of apps.flat()) {
      const workers = app.workers.length;
      // The same for each process: its share of the connections, and about as much time of a core.
      await saturate({
        ports: app.ports,
        seconds: workers === 1 ? 1 : Math.ceil(workers / availableParallelism()) + 1,
        keepAlive: true,
        connections: workers * CONNECTIONS_EACH,
      });
    }
    const served = await sample('after load');
    for (const subject of [...subjects, plainNode]) await context.close(subject);
    const row = (state, [plainBytes, lbBytes, clusterBytes, pm2Bytes], target) => ({
      measure: `Private memory of a worker, ${state}: more than under plain node`,
      target: target === null ? '–' : `≤ ${megabytes(target)}`,
      lb: signed(lbBytes - plainBytes, megabytes),
      nodeCluster: signed(clusterBytes - plainBytes, megabytes),
      pm2: ifMeasured(pm2Bytes, (bytes) => signed(bytes - plainBytes, megabytes)),
      result: `${megabytes(lbBytes - plainBytes)} (plain node ${megabytes(plainBytes)})`,
      met: target === null ? null : lbBytes - plainBytes <= target,
      how: `Private_Dirty of /proc/<pid>/smaps_rollup, median of ${processes} processes of each subject that run at the same time, ${settleMs / 1000} s after the last start or the end of a load on keep-alive connections, ${CONNECTIONS_EACH} per process.`,
    });
    return [row('idle', idle, 1048576), row('after load', served, null)];
  },
};
