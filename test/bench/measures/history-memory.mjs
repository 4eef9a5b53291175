import { fileURLToPath, pathToFileURL } from 'node:url';
import { runNode } from '../lib/command.mjs';
import { megabytes } from '../report/format.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/history.mjs', import.meta.url));
const [APPS, WORKERS, HOURS] = [50, 8, 24];
const MOST = 60 * 1048576;

export const historyMemory = {
  id: 'history-memory',
  async run(context) {
    const dist = new URL('../dist/', pathToFileURL(context.lbProgram));
    const { env, directory } = context.workspace;
    const { output } = await runNode(['--expose-gc', PROGRAM, dist.href, ...[APPS, WORKERS, HOURS].map(String)], { env, cwd: directory, timeoutMs: 600_000 });
    const { afterBytes, laterBytes } = JSON.parse(output);
    const most = Math.max(afterBytes, laterBytes);
    return [
      {
        measure: `Daemon's memory of ${HOURS} h of history, ${APPS} apps × ${WORKERS} workers`,
        target: `≤ ${megabytes(MOST)} of heap, bounded`,
        lb: megabytes(most),
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: `${megabytes(afterBytes)}; an hour later ${megabytes(laterBytes)}`,
        met: most <= MOST,
        how: `The compiled history in a process of its own, told new figures of every app once a second for ${HOURS} h of a simulated clock, and for one more hour. Heap and array buffers after full collections, less what the process had before.`,
      },
    ];
  },
};
