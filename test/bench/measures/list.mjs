import { timed } from '../lib/command.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { ifMeasured, ms, ratio } from '../report/format.mjs';

export const list = {
  id: 'list',
  async run(context) {
    const { listRounds } = context.scale;
    const subjects = [context.lb(), ...context.pm2()];
    for (const subject of subjects) await subject.start({ workers: 2 });
    const { directory } = context.workspace;
    const commands = [
      { args: ['-e', '0'], env: context.workspace.env, took: [] },
      ...subjects.map((subject) => ({ args: subject.listCommand, env: subject.env, took: [] })),
    ];
    // Once each without counting: fills the caches of the file system.
    for (const { args, env } of commands) timed(args, { env, cwd: directory });
    for (let round = 0; round < listRounds; round++) {
      for (const { args, env, took } of commands) took.push(timed(args, { env, cwd: directory }));
    }
    for (const subject of subjects) await context.close(subject);
    const [nodeMs, lbMs, pm2Ms] = commands.map(({ took }) => took);
    const result = ratios(lbMs, nodeMs);
    return [
      {
        measure: '`lb list`, wall time of the whole process',
        target: '≤ 1.6 × `node -e 0`, below `pm2 list`',
        lb: ms(median(lbMs)),
        nodeCluster: `${ms(median(nodeMs))} (\`node -e 0\`)`,
        pm2: ifMeasured(pm2Ms, (took) => ms(median(took))),
        result: `${ratio(result, '`node -e 0`')}${pm2Ms === undefined ? '' : `; ${ratio(ratios(lbMs, pm2Ms), 'PM2')}`}`,
        ifMissed: 'what it needs more than `node -e 0` is `node:net`, its own code and the answer of the daemon',
        met: result.median <= 1.6 && (pm2Ms === undefined || median(lbMs) < median(pm2Ms)),
        how: `Daemon running, 1 app of 2 workers. \`node -e 0\`, \`node bin/lb.js list\` and \`node pm2 list\` in turn, ${listRounds} rounds, output into a pipe.`,
      },
    ];
  },
};
