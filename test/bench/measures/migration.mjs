import { countOutcomes, startClients } from '../lib/load.mjs';
import { delay } from '../lib/wait.mjs';
import { kindsOf, thousands } from '../report/format.mjs';

const WORKERS = 2;
const ROUNDS = 5;
const GROUPS = [
  { name: 'connections', clients: 3, keepAlive: false, pauseMs: 50 },
  { name: 'keep-alive', clients: 15, keepAlive: true, pauseMs: 200 },
];
const AROUND_MS = 1_000;

const WAYS = [
  { name: 'lb migrate', move: ({ lb, pm2 }) => lb.migrate(pm2) },
  {
    name: 'pm2 delete, lb start',
    async move({ lb, pm2, app }) {
      await pm2.delete(app);
      await lb.startInstead(app, WORKERS);
    },
  },
];

/** One app moves from PM2 to lb under load. */
async function moveOnce(context, { name, move }) {
  const [lb, [pm2]] = [context.lb(), context.pm2()];
  const app = await pm2.start({ workers: WORKERS });
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: 10_000 }));
  await delay(AROUND_MS);
  await move({ lb, pm2, app });
  await delay(AROUND_MS);
  const { served, failed, kinds } = countOutcomes(await clients.stop());
  for (const each of [clients, lb, pm2]) await context.close(each);
  context.progress(`${name}: ${failed} of ${served + failed} failed (${kindsOf(kinds)})`);
  return { failed, all: served + failed };
}

async function moveOften(context, way) {
  let sum = { failed: 0, all: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const { failed, all } = await moveOnce(context, way);
    sum = { failed: sum.failed + failed, all: sum.all + all };
  }
  return sum;
}

const describe = ({ failed, all }) => `${thousands(failed)} of ${thousands(all)} failed`;

export const migration = {
  id: 'migration',
  async run(context) {
    if (context.others.pm2 === null) return [];
    const [migrated, naive] = [await moveOften(context, WAYS[0]), await moveOften(context, WAYS[1])];
    return [
      {
        measure: `Requests that fail in ${ROUNDS} moves of a cluster app from PM2 to lb under load`,
        target: '0',
        lb: describe(migrated),
        nodeCluster: 'n/a',
        pm2: describe(naive),
        result: String(migrated.failed),
        met: migrated.failed === 0,
        how: `\`lb migrate pm2 --yes\` in the column of lb, \`pm2 delete\` and then \`lb start\` in that of PM2. ${WORKERS} workers. Clients in a process of their own: ${GROUPS.map(({ clients, name, pauseMs }) => `${clients} "${name}" with pauses of ${pauseMs} ms on average`).join(', ')}; from ${AROUND_MS / 1000} s before the move until ${AROUND_MS / 1000} s after it.`,
      },
    ];
  },
};
