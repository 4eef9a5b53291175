import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runSpreading } from '../lib/load.mjs';
import { sum } from '../lib/stats.mjs';
import { percent, thousands } from '../report/format.mjs';

const WORKERS = [2, 4, 8];
const UNEVEN = fileURLToPath(new URL('../programs/uneven.cjs', import.meta.url));
const CLIENTS = 64;
const HELD = 6_000;

const LOADS = [
  { title: 'a connection per request', script: undefined, load: { warmUpMs: 2_000, durationMs: 4_000, hold: 0 } },
  { title: 'the same, every 20th answer takes 5 ms of CPU', script: UNEVEN, load: { warmUpMs: 2_000, durationMs: 4_000, hold: 0 } },
  { title: `${thousands(HELD)} connections that stay open`, script: undefined, load: { warmUpMs: 0, durationMs: 0, hold: HELD } },
];

/** How evenly the workers take connections that they accept for themselves. */
export const spread = {
  id: 'spread',
  async run(context) {
    const lines = [];
    for (const { title, script, load } of LOADS) {
      for (const workers of WORKERS) {
        const lb = context.lb();
        const app = await lb.start({ workers, ...(script === undefined ? {} : { script }) });
        const { byPid, perSecond } = await runSpreading({ port: app.port, clients: CLIENTS, ...load });
        const counts = app.workers.map((pid) => byPid[pid] ?? 0);
        await context.close(lb);
        const shares = counts.map((count) => count / sum(counts)).sort((a, b) => a - b);
        context.progress(`${title}, ${workers} workers: ${thousands(perSecond)}/s, ${shares.map(percent).join(' ')}`);
        lines.push([title, String(workers), percent(1 / workers), `${percent(shares[0])} to ${percent(shares.at(-1))}`, thousands(perSecond)]);
      }
    }
    return [
      {
        measure: 'Shares of the workers under a flood of connections, by default',
        target: '–',
        lb: lines.map(([title, workers, , range]) => `${title}, ${workers} workers: ${range}`).join('; '),
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: '–',
        met: null,
        details: { header: ['load', 'workers', 'even', 'smallest to largest share', 'connections per second'], lines },
        how: `${CLIENTS} clients in a process of their own, on the same ${availableParallelism()} cores. Of the connections that end with their answer, those after the first 2 s; of those that stay open, all, also the first second, in which the primary hands over in turn. Equal shares mean that it did so to the end.`,
      },
    ];
  },
};
