import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inTurn } from '../lib/in-turn.mjs';
import { firstAnswerOfAnother, monotonicMs } from '../lib/poll.mjs';
import { median, medianDifference } from '../lib/stats.mjs';
import { ms, signed } from '../report/format.mjs';
import { App, APP_SCRIPT } from '../subjects/app.mjs';
import { ownBoot } from './own-boot.mjs';

const TARGET_MS = 45;

/** From the spawn of `lb run app.cjs` to its first answer. @param {import('../context.mjs').Context} context @param {string} home */
async function runBoot({ workspace, lbProgram }, home) {
  const app = await App.create(workspace, { supervised: true });
  const env = { ...workspace.env, ...app.env, LB_HOME: home };
  const startedAt = monotonicMs();
  const child = spawn(process.execPath, [lbProgram, 'run', APP_SCRIPT], { env, cwd: workspace.directory, stdio: 'ignore' });
  const answeredAt = await firstAnswerOfAnother(app.port, new Set());
  child.kill('SIGTERM');
  await once(child, 'exit');
  return answeredAt - startedAt;
}

export const runStartup = {
  id: 'run-startup',
  /** @param {import('../context.mjs').Context} context */
  async run(context) {
    const plainNode = context.plainNode();
    const home = context.workspace.newDirectory('run');
    const boots = [
      async () => {
        const { startedAt, answeredAt } = await ownBoot(context, plainNode);
        return answeredAt - startedAt;
      },
      () => runBoot(context, home),
    ];
    const [plain, lb] = await inTurn(context.scale.startupRounds, boots.length, (subject) => boots[subject]());
    await context.close(plainNode);
    const difference = medianDifference(lb, plain);
    return [
      {
        measure: 'First answer of `lb run`: later than that of plain node',
        target: `≤ ${TARGET_MS} ms`,
        lb: signed(difference, ms),
        nodeCluster: 'left out',
        pm2: 'left out',
        result: `${ms(difference)} (plain node ${ms(median(plain))})`,
        met: difference <= TARGET_MS,
        ifMissed: 'three starts of Node.js in a row: `lb`, which is the daemon too, the primary, and the worker',
        how: `From the spawn to the first answer of \`lb run app.cjs\` and of \`node app.cjs\`, in turn; median of the differences within each of ${context.scale.startupRounds} rounds.`,
      },
    ];
  },
};
