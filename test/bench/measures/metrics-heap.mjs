import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { saturate } from '../lib/load.mjs';
import { median } from '../lib/stats.mjs';
import { delay } from '../lib/wait.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/metered.ts', import.meta.url));
const CONNECTIONS = 20;
const LOAD_SECONDS = 3;
const MOST = 300 * 1024;

const kilobytes = (bytes) => `${Math.round(bytes / 1024)} KB`;

export const metricsHeap = {
  id: 'metrics-heap',
  async run(context) {
    const { processes, settleMs } = context.scale;
    const { directory, env } = context.workspace;
    const program = join(directory, 'metered.mjs');
    await build({ entryPoints: [PROGRAM], outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
    const children = [];
    const resource = context.own({
      async close() {
        for (const child of children) child.kill('SIGKILL');
      },
    });
    const start = async (mode) => {
      const child = fork(program, [mode], { env, cwd: directory, execArgv: ['--expose-gc'] });
      children.push(child);
      const [port] = await once(child, 'message');
      return { child, port };
    };
    const heapOf = async ({ child }) => {
      child.send('heap');
      return (await once(child, 'message'))[0];
    };
    const [bare, metered] = [[], []];
    for (let i = 0; i < processes; i++) {
      bare.push(await start('bare'));
      metered.push(await start('metered'));
    }
    for (const { port } of [...bare, ...metered]) await saturate({ ports: [port], seconds: LOAD_SECONDS, keepAlive: true, connections: CONNECTIONS });
    await delay(settleMs);
    const [bareHeaps, meteredHeaps] = await Promise.all([bare, metered].map((group) => Promise.all(group.map(heapOf))));
    context.progress(`bare ${bareHeaps.map(kilobytes).join(' ')} | metered ${meteredHeaps.map(kilobytes).join(' ')}`);
    const served = median(meteredHeaps) - median(bareHeaps);
    await context.close(resource);
    return [
      {
        measure: "Heap that the preload's metrics add to a worker, after load",
        target: `≤ ${kilobytes(MOST)}`,
        lb: kilobytes(served),
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: kilobytes(served),
        met: served <= MOST,
        how: `Heap in use after two full collections, median of ${processes} plain HTTP servers with what the preload counts (requests, bytes, event loop, collections, heartbeats) and ${processes} without, after ${LOAD_SECONDS} s of load on ${CONNECTIONS} keep-alive connections each. What the preload does besides is in the private memory of a worker.`,
      },
    ];
  },
};
