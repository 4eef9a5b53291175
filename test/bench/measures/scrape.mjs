import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runNode } from '../lib/command.mjs';
import { median } from '../lib/stats.mjs';
import { ms } from '../report/format.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/scrape.mjs', import.meta.url));
const [APPS, WORKERS, ROUNDS, LONGEST_MS] = [50, 8, 25, 20];

export const scrape = {
  id: 'scrape',
  async run(context) {
    const dist = new URL('../dist/', pathToFileURL(context.lbProgram));
    const { env, directory } = context.workspace;
    const { output } = await runNode([PROGRAM, dist.href, join(directory, 'totals.json'), ...[APPS, WORKERS, ROUNDS].map(String)], { env, cwd: directory });
    const results = JSON.parse(output);
    const wallMs = median(results.map((result) => result.wallMs));
    const cpuMs = median(results.map((result) => result.cpuMs));
    return [
      {
        measure: `Metrics of ${APPS} apps with ${WORKERS} workers each, one scrape`,
        target: `≤ ${LONGEST_MS} ms`,
        lb: ms(wallMs),
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: `${ms(wallMs)}, of it ${ms(cpuMs)} CPU, ${Math.round(results[0].bytes / 1024)} KB of text`,
        met: wallMs <= LONGEST_MS,
        how: `What a \`GET /metrics\` does in the daemon, with the compiled code in a process of its own: every counter written to disk (with \`fsync\`), then the text. Median of ${ROUNDS} rounds after a warm-up.`,
      },
    ];
  },
};
