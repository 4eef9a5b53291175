import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cpuMs } from '../lib/processes.mjs';
import { delay, waitFor } from '../lib/wait.mjs';
import { percent } from '../report/format.mjs';

const FEED = fileURLToPath(new URL('../programs/monitor-feed.mjs', import.meta.url));
const [APPS, WORKERS, MOST] = [50, 8, 0.03];

/** Fraction of a core that a process uses over the time. */
async function cpuOf(pid, durationMs) {
  const [before, startedAt] = [cpuMs(pid), performance.now()];
  await delay(durationMs);
  return (cpuMs(pid) - before) / (performance.now() - startedAt);
}

/** Ends when nobody reads it any more, and so with the benchmark at the latest. */
async function watch(population, context) {
  const dist = new URL('../dist/', pathToFileURL(context.lbProgram));
  const child = spawn(process.execPath, [FEED, dist.href, population.home], { env: population.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let seconds = 0;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    seconds += text.split('\n').filter((apps) => Number(apps) === APPS).length;
  });
  await waitFor('the first figures', () => seconds >= 3);
  return { read: () => seconds, end: () => child.kill() };
}

export const daemonCpu = {
  id: 'daemon-cpu',
  async run(context) {
    const { daemonCpuMs } = context.scale;
    const population = context.population();
    await population.open({ apps: APPS, workers: WORKERS });
    await delay(2_000);
    const alone = await cpuOf(population.daemon, daemonCpuMs);
    const monitor = await watch(population, context);
    const before = monitor.read();
    const watched = await cpuOf(population.daemon, daemonCpuMs);
    const seconds = monitor.read() - before;
    monitor.end();
    population.check();
    await context.close(population);
    if (seconds < (daemonCpuMs / 1_000) * 0.8) throw new Error(`the monitor got figures ${seconds} times in ${daemonCpuMs / 1_000} s`);
    return [
      {
        measure: `CPU of the daemon, ${APPS} busy apps × ${WORKERS} workers, one monitor attached`,
        target: `≤ ${MOST * 100} % of a core`,
        lb: `${percent(watched)} (${percent(alone)} with nobody attached)`,
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: percent(watched),
        met: watched <= MOST,
        how: `A daemon with ${APPS} connections of one process, which sends it what as many primaries with ${WORKERS} busy workers each send, once a second (\`test/bench/programs/primaries.ts\`); one reader with the code of \`lb monit\`. CPU time over ${daemonCpuMs / 1_000} s.`,
      },
    ];
  },
};
