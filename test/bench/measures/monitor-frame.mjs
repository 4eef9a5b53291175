import { fileURLToPath, pathToFileURL } from 'node:url';
import { runNode } from '../lib/command.mjs';
import { median } from '../lib/stats.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/monitor-frame.mjs', import.meta.url));
const [APPS, WORKERS, COLUMNS, ROWS] = [50, 8, 200, 60];
const LONGEST_MS = 5;
const MOST_BYTES = 4 * 1024;

export const monitorFrame = {
  id: 'monitor-frame',
  async run(context) {
    const { monitorFrames } = context.scale;
    const folder = new URL('../dist/', pathToFileURL(context.lbProgram));
    const { env, directory } = context.workspace;
    const { output } = await runNode([PROGRAM, folder.href, ...[APPS, WORKERS, COLUMNS, ROWS, monitorFrames].map(String)], { env, cwd: directory });
    const { busy, page, quiet } = JSON.parse(output);
    const msOf = (frames) => median(frames.map(({ ms }) => ms));
    const slowest = Math.max(msOf(busy), msOf(page));
    const bytes = Math.max(...quiet.map((frame) => frame.bytes));
    const row = { lb: '', nodeCluster: 'n/a', pm2: 'n/a' };
    const how = `${monitorFrames} frames of ${COLUMNS}×${ROWS} in a process of its own, after 5 minutes of history: from the figures of a second to what goes to the terminal, without reading and writing.`;
    return [
      {
        ...row,
        measure: `CPU time of one monitor frame, ${APPS} apps × ${WORKERS} workers`,
        target: `≤ ${LONGEST_MS} ms`,
        lb: `${msOf(busy).toFixed(1)} ms (all apps), ${msOf(page).toFixed(1)} ms (one app)`,
        result: `${slowest.toFixed(1)} ms`,
        met: slowest <= LONGEST_MS,
        how: `Everything changes every second. Medians of ${how}`,
      },
      {
        ...row,
        measure: 'bytes a monitor frame writes when little changed',
        target: `≤ ${MOST_BYTES / 1024} KB`,
        lb: `${bytes} bytes`,
        result: `${(bytes / 1024).toFixed(1)} KB`,
        met: bytes <= MOST_BYTES,
        how: `One of ${APPS} apps is busy, the others are idle; the largest of ${how}`,
      },
    ];
  },
};
