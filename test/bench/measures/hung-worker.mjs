import { fileURLToPath } from 'node:url';
import { startClients } from '../lib/load.mjs';
import { firstAnswerOfAnother, monotonicMs } from '../lib/poll.mjs';
import { sendSignal } from '../lib/processes.mjs';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';
import { ms, signed } from '../report/format.mjs';
import { ownBoot } from './own-boot.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/hanging.cjs', import.meta.url));
const HANG_TIMEOUT_MS = 3_000;
/** Beyond the app's own boot. */
const LONGEST_MS = 1_000;
const LIVED_MS = 1_500;
/** Idle workers report less often. */
const TRAFFIC = [{ name: 'connections', clients: 2, keepAlive: false, pauseMs: 20 }];

/** From the end of the timeout, counted from the hanging itself, until the replacement serves. */
async function replacementOf(app) {
  const known = new Set(app.boots.map(({ pid }) => pid));
  const [hanging] = app.workers;
  const hungAt = monotonicMs();
  sendSignal(hanging, 'SIGUSR2');
  const answeredAt = await firstAnswerOfAnother(app.port, known, HANG_TIMEOUT_MS + 20_000);
  const { atMs, sinceStartMs } = app.lastBoot;
  const [served, begun] = [answeredAt, atMs - sinceStartMs].map((at) => at - hungAt - HANG_TIMEOUT_MS);
  return { served, begun, booted: sinceStartMs };
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
      const clients = context.own(startClients({ port: app.port, groups: TRAFFIC, hungMs: 10_000 }));
      // At another point between two heartbeats each time.
      await delay(LIVED_MS + (1000 * round) / hangs);
      const { startedAt, answeredAt } = await ownBoot(context, plainNode);
      boots.push(answeredAt - startedAt);
      const { served, begun, booted } = await replacementOf(app);
      replaced.push(served);
      await context.close(clients);
      context.progress(
        `own boot ${ms(boots[round])}; after the timeout the replacement's process began ${signed(begun, ms)}, booted ${ms(booted)}, served ${signed(served, ms)}`,
      );
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
        how: `\`--hang-timeout ${HANG_TIMEOUT_MS / 1000}s\`; one of 2 workers with a little traffic enters an endless loop. The timeout counts from its last heartbeat, up to a second before; here the time is counted from the loop's beginning, in each of ${hangs} rounds at another point between two heartbeats. Judged by the longest. A worker without any traffic reports every fifth second only and is noticed up to 4 s later. A new connection with one request every 3 ms, until the first answer from a process that was not there before; own boot as for the SIGKILL of a worker, median. node:cluster and PM2 do not notice a hung worker.`,
      },
    ];
  },
};
