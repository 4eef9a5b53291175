import { firstAnswerOfAnother, monotonicMs } from '../lib/poll.mjs';
import { sendSignal } from '../lib/processes.mjs';
import { median, medianDifference } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ifMeasured, ms, signed } from '../report/format.mjs';
import { ownBoot } from './own-boot.mjs';

/** Longer than the shortest life that each supervisor takes for a stable one. */
const LIVED_MS = 2_000;

async function bootOf(context, plainNode) {
  const { app, startedAt, answeredAt } = await ownBoot(context, plainNode);
  return phasesOf(app, startedAt, answeredAt);
}

async function replacementOf(app) {
  const known = new Set(app.boots.map(({ pid }) => pid));
  const startedAt = monotonicMs();
  sendSignal(app.workers[0], 'SIGKILL');
  const answeredAt = await firstAnswerOfAnother(app.port, known);
  return phasesOf(app, startedAt, answeredAt);
}

/** Until the new process began, from then until it listened, from then until its first answer. */
function phasesOf(app, startedAt, answeredAt) {
  const { atMs, sinceStartMs } = app.lastBoot;
  return { served: answeredAt - startedAt, until: [atMs - sinceStartMs - startedAt, sinceStartMs, answeredAt - atMs] };
}

export const recovery = {
  id: 'recovery',
  async run(context) {
    const { recoveries } = context.scale;
    const subjects = context.supervisors();
    const plainNode = context.plainNode();
    // An app for each kill, so that each is the first crash of its app.
    const apps = [];
    for (const subject of subjects) {
      const started = [];
      for (let i = 0; i < recoveries; i++) started.push(await subject.start({ workers: 2 }));
      apps.push(started);
    }
    await delay(LIVED_MS);
    const samples = [plainNode, ...subjects].map(() => []);
    for (let round = 0; round < recoveries; round++) {
      samples[0].push(await bootOf(context, plainNode));
      for (const index of subjects.keys()) {
        samples[index + 1].push(await replacementOf(apps[index][round]));
        await delay(100);
      }
    }
    for (const subject of [...subjects, plainNode]) await context.close(subject);
    const served = samples.map((group) => median(group.map((sample) => sample.served)));
    const names = [plainNode, ...subjects].map((subject) => subject.name);
    for (const [index, group] of samples.entries()) {
      const phases = [0, 1, 2].map((phase) => ms(median(group.map((sample) => sample.until[phase]))));
      context.progress(`${names[index]}: serving after ${ms(served[index])}; process begins ${phases[0]}, boots ${phases[1]}, answers ${phases[2]}`);
    }
    const [boot, lb, cluster, pm2] = served;
    const later = medianDifference(...[samples[1], samples[0]].map((group) => group.map((sample) => sample.served)));
    return [
      {
        measure: 'From SIGKILL of a worker to its replacement serving',
        target: "≤ the app's own boot + 20 ms",
        lb: ms(lb),
        nodeCluster: ms(cluster),
        pm2: ifMeasured(pm2, ms),
        result: `own boot ${ms(boot)} ${signed(later, ms)}`,
        met: later <= 20,
        ifMissed:
          'the kernel ends the old process before its primary hears of it, about 4 ms, and a cluster worker boots longer than a plain process; the rest varies with what else the machine does',
        how: `A new connection with one request every 3 ms; the time until the first answer from a process that was not there before, after the SIGKILL of one of 2 workers, and after the spawn of \`node app.cjs\` (own boot). Medians of ${recoveries} rounds, the subjects in turn, and of the differences within each round; each kill in an app of its own, so that no backoff counts.`,
      },
    ];
  },
};
