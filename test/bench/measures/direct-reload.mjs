import { countOutcomes, startClients } from '../lib/load.mjs';
import { delay } from '../lib/wait.mjs';
import { kindsOf, thousands } from '../report/format.mjs';

const GROUPS = [
  { name: 'connections', clients: 24, keepAlive: false, pauseMs: 0 },
  { name: 'keep-alive', clients: 8, keepAlive: true, pauseMs: 5 },
];
const HUNG_MS = 10_000;
const WORKERS = 4;
const FEWER_WORKERS = 2;

/** What becomes of the clients' requests while something is done again and again. */
async function underLoad(context, app, times, act) {
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(500);
  for (let i = 0; i < times; i++) await act();
  await delay(500);
  const tallies = await clients.stop();
  await context.close(clients);
  return countOutcomes(tallies);
}

const describe = ({ served, failed, kinds }) => `${failed} of ${thousands(served + failed)}${failed === 0 ? '' : ` (${kindsOf(kinds)})`}`;

export const directReload = {
  id: 'direct-reload',
  async run(context) {
    const { directChanges: times } = context.scale;
    const lb = context.lb();
    const app = await lb.start({ workers: WORKERS, flags: ['--balance', 'direct'] });
    const scaled = await underLoad(context, app, times, async () => {
      await lb.scale(app, FEWER_WORKERS);
      await lb.scale(app, WORKERS);
    });
    context.progress(`${times} times scaled down and up: ${describe(scaled)}`);
    const reloaded = await underLoad(context, app, times, () => lb.reload(app));
    context.progress(`${times} reloads: ${describe(reloaded)}`);
    await context.close(lb);
    const how = `${WORKERS} workers, \`--balance direct\`, the app handles no signal; scale-downs from ${WORKERS} to ${FEWER_WORKERS}, each with the scale-up after it. Clients in a process of their own without retries: ${GROUPS.map(({ clients, name, pauseMs }) => `${clients} "${name}" with ${pauseMs === 0 ? 'no pause' : `pauses of ${pauseMs} ms`}`).join(', ')}. A request without an answer for ${HUNG_MS / 1000} s is hung.`;
    const row = (what, outcome) => ({
      measure: `\`direct\`: failed requests in ${times} ${what} under load`,
      target: '0',
      lb: describe(outcome),
      nodeCluster: 'n/a',
      pm2: 'n/a',
      result: `${outcome.failed}`,
      met: outcome.failed === 0,
      how,
    });
    return [row('reloads', reloaded), row('scale-downs', scaled)];
  },
};
