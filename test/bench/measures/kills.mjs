import { countOutcomes, startClients } from '../lib/load.mjs';
import { sendSignal } from '../lib/processes.mjs';
import { delay, waitFor } from '../lib/wait.mjs';
import { ifMeasured, kindsOf, thousands } from '../report/format.mjs';

const GROUPS = [
  { name: 'keep-alive', clients: 16, keepAlive: true, pauseMs: 0 },
  { name: 'connections', clients: 24, keepAlive: false, pauseMs: 0 },
];
const HUNG_MS = 5_000;
const BETWEEN_MS = 1_200;

/** Kills the older worker again and again, each time when two are there. */
async function killUnderLoad(context, subject, times) {
  const app = await subject.start({ workers: 2, restartAtOnce: true });
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(BETWEEN_MS);
  for (let i = 0; i < times; i++) {
    const boots = app.boots.length;
    sendSignal(app.workers[0], 'SIGKILL');
    await waitFor(`${subject.name} to replace a worker`, () => app.boots.length > boots && app.workers.length === 2);
    // Longer than the shortest life that each of them takes for a stable one.
    await delay(BETWEEN_MS);
  }
  const tallies = await clients.stop();
  await context.close(clients);
  const outcome = countOutcomes(tallies);
  context.progress(`${subject.name}: ${outcome.served} served, ${kindsOf(outcome.kinds)}`);
  return outcome;
}

const describe = ({ served, failed, kinds }) => {
  const { hung = 0, ...others } = kinds;
  return `${hung} hung; ${failed - hung} of ${thousands(served + failed)} failed${failed - hung === 0 ? '' : ` (${kindsOf(others)})`}`;
};

export const kills = {
  id: 'kills',
  async run(context) {
    const { kills: times } = context.scale;
    const subjects = context.supervisors();
    const outcomes = [];
    for (const subject of subjects) {
      outcomes.push(await killUnderLoad(context, subject, times));
      await context.close(subject);
    }
    const [lb, cluster, pm2] = outcomes;
    return [
      {
        measure: `Hung clients in ${times} kills of a worker under load`,
        target: '0',
        lb: describe(lb),
        nodeCluster: describe(cluster),
        pm2: ifMeasured(pm2, describe),
        result: `${lb.kinds.hung ?? 0}`,
        met: (lb.kinds.hung ?? 0) === 0,
        how: `SIGKILL of the older of 2 workers, ${times} times, ${BETWEEN_MS / 1000} s after the last one was replaced; all three restart without delay (lb: \`--restart-delay 1\`). Clients without pause or retry: ${GROUPS.map((group) => `${group.clients} "${group.name}"`).join(', ')}. Hung: no answer and no end of the connection for ${HUNG_MS / 1000} s. The requests the killed worker had taken fail with any supervisor.`,
      },
    ];
  },
};
