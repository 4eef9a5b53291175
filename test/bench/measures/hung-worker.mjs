import { fileURLToPath } from 'node:url';
import { firstAnswerOfAnother, monotonicMs } from '../lib/poll.mjs';
import { sendSignal } from '../lib/processes.mjs';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { App } from '../subjects/app.mjs';
import { ms, signed } from '../report/format.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/hanging.cjs', import.meta.url));
const HANG_TIMEOUT_MS = 3_000;
/** Beyond the app's own boot. */
const LONGEST_MS = 1_000;
const LIVED_MS = 1_500;

async function bootMs(context, plainNode) {
  const app = await App.create(context.workspace, { supervised: false });
  const startedAt = monotonicMs();
  plainNode.spawn(app);
  const answeredAt = await firstAnswerOfAnother(app.port, new Set());
  await plainNode.stop(app);
  return answeredAt - startedAt;
}

/** From the end of the timeout, counted from the hanging itself, until the replacement serves. */
async function replacedAfterMs(app) {
  const known = new Set(app.boots.map(({ pid }) => pid));
  const [hanging] = app.workers;
  const hungAt = monotonicMs();
  sendSignal(hanging, 'SIGUSR2');
  return (await firstAnswerOfAnother(app.port, known, HANG_TIMEOUT_MS + 20_000)) - hungAt - HANG_TIMEOUT_MS;
}

export const hungWorker = {
  id: 'hung-worker',
  async run(context) {
    const { hangs } = context.scale;
    const [lb, plainNode] = [context.lb(), context.plainNode()];
    const [boots, replaced] = [[], []];
    for (let round = 0; round < hangs; round++) {
      // An app for each, so that each is the first of its app; and one at a time, because a hung worker uses a core.
      const app = await lb.start({ workers: 2, script: SCRIPT, flags: ['--hang-timeout', `${HANG_TIMEOUT_MS / 1000}s`] });
      // At another point between two heartbeats each time.
      await delay(LIVED_MS + (1000 * round) / hangs);
      boots.push(await bootMs(context, plainNode));
      replaced.push(await replacedAfterMs(app));
      context.progress(`own boot ${ms(boots[round])}, replacement served ${signed(replaced[round], ms)} after the timeout`);
    }
    for (const subject of [lb, plainNode]) await context.close(subject);
    const [longest, boot] = [Math.max(...replaced), median(boots)];
    return [
      {
        measure: 'Hung worker: from the end of `hang_timeout` to its replacement serving',
        target: "≤ the app's own boot + 1 s",
        lb: `${signed(median(replaced), ms)}, longest ${signed(longest, ms)}`,
        nodeCluster: 'never',
        pm2: 'never',
        result: `longest: own boot ${ms(boot)} ${signed(longest - boot, ms)}`,
        met: longest - boot <= LONGEST_MS,
        how: `\`--hang-timeout ${HANG_TIMEOUT_MS / 1000}s\`; one of 2 workers enters an endless loop. The timeout counts from its last heartbeat, which is up to as old as the time between two of them; here the time is counted from the loop's beginning, each of ${hangs} rounds at another point between heartbeats, so a figure below 0 is one whose last heartbeat was older. Judged by the longest. A new connection with one request every 3 ms, until the first answer from a process that was not there before; own boot as for the SIGKILL of a worker, median. node:cluster and PM2 do not notice a hung worker.`,
      },
    ];
  },
};
