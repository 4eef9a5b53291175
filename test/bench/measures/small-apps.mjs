import { privateDirtyBytes } from '../lib/processes.mjs';
import { median, ratios, sum } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, megabytes, ratio } from '../report/format.mjs';

const COUNTS = [10, 30];

/** Private memory of a supervisor and of so many plain apps. */
async function memoryOf(subject, count, settleMs) {
  const apps = [];
  for (let n = 0; n < count; n++) apps.push(await subject.startPlain());
  await delay(settleMs);
  const supervisors = new Set([subject.daemon, ...apps.map((app) => app.primary)]);
  const supervisor = sum([...supervisors].map(privateDirtyBytes));
  return { supervisor, total: supervisor + sum(apps.flatMap((app) => app.workers).map(privateDirtyBytes)) };
}

async function rowsOf(context, count) {
  const { memoryRounds, settleMs } = context.scale;
  const samples = { lb: [], pm2: [] };
  for (let round = 0; round < memoryRounds; round++) {
    for (const [name, subject] of Object.entries({ lb: context.lb(), pm2: context.pm2()[0] })) {
      if (subject === undefined) continue;
      const sample = await memoryOf(subject, count, settleMs);
      samples[name].push(sample);
      context.progress(`${subject.name}, ${count} plain apps: ${megabytes(sample.supervisor)} for the supervisor, ${megabytes(sample.total)} in all`);
      await context.close(subject);
    }
  }
  const row = (part, limit, measure, ifMissed) => {
    const [lb, pm2] = [samples.lb, samples.pm2].map((each) => each.map((sample) => sample[part]));
    const result = pm2.length === 0 ? undefined : ratios(lb, pm2);
    return {
      measure,
      target: `≤ ${limit} × PM2`,
      lb: megabytes(median(lb)),
      nodeCluster: 'n/a',
      pm2: ifMeasured(result, () => megabytes(median(pm2))),
      result: ifMeasured(result, (value) => ratio(value, 'PM2')),
      met: result === undefined ? null : result.median <= limit,
      ifMissed,
      how: `Private_Dirty of /proc/<pid>/smaps_rollup, ${settleMs / 1000} s after the start of the last app, medians of ${memoryRounds} fresh starts, one subject after the other.`,
    };
  };
  return [
    row(
      'total',
      1,
      `Private memory of ${count} plain apps with their supervisor`,
      'the daemon and the shared primary are two processes of Node.js, PM2 is one',
    ),
    row(
      'supervisor',
      1.2,
      `of it the supervisor: daemon and primary, ${count} plain apps`,
      'two processes of Node.js instead of one; what lb keeps of each app is held by both',
    ),
  ];
}

export const smallApps = {
  id: 'small-apps',
  async run(context) {
    const rows = [];
    for (const count of COUNTS) rows.push(...(await rowsOf(context, count)));
    return rows;
  },
};
