import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { timed } from '../lib/command.mjs';
import { inTurn } from '../lib/in-turn.mjs';
import { median, medianDifference } from '../lib/stats.mjs';
import { megabytes, ms, signed } from '../report/format.mjs';

const PEAK_MEMORY = fileURLToPath(new URL('../programs/peak-memory.cjs', import.meta.url));
const LINES = '100';
const FEW_BYTES = 1_000_000;

/** A home with one app, which does not run, and its log. @param {string} directory @param {number} bytes */
function homeWithLog(directory, bytes) {
  const file = join(directory, 'api-out.log');
  mkdirSync(directory, { recursive: true });
  const spec = { name: 'api', outFile: file, errorFile: join(directory, 'api-error.log'), mergeLogs: true };
  writeFileSync(join(directory, 'state.json'), JSON.stringify({ version: 1, apps: [{ spec, desired: 'stopped' }] }));
  const block = Buffer.from(Array.from({ length: 10_000 }, (_, index) => `2026-11-29T20:31:05.123Z GET /orders/${index} 200 8 ms\n`).join(''));
  const fd = openSync(file, 'w');
  for (let written = 0; written < bytes; written += block.length) writeSync(fd, block);
  closeSync(fd);
  return { directory, file };
}

/** The largest resident memory of a command, in bytes. @param {readonly string[]} args @param {NodeJS.ProcessEnv} env @param {string} cwd */
function peakMemory(args, env, cwd) {
  const { status, stderr } = spawnSync(process.execPath, ['--require', PEAK_MEMORY, ...args], { env, cwd, encoding: 'utf8' });
  const peak = /peak (\d+)/.exec(stderr)?.[1];
  if (status !== 0 || peak === undefined) throw new Error(`node ${args.join(' ')}: exit code ${status}\n${stderr}`);
  return Number(peak) * 1024;
}

/** @param {string} file */
function timedTail(file) {
  const startedAt = performance.now();
  const { status } = spawnSync('tail', ['-n', LINES, file]);
  if (status !== 0) throw new Error(`tail: exit code ${status}`);
  return performance.now() - startedAt;
}

export const logs = {
  id: 'logs',
  async run(context) {
    const { listRounds, logBytes } = context.scale;
    const { workspace } = context;
    const large = homeWithLog(workspace.newDirectory('large-log'), logBytes);
    const small = homeWithLog(workspace.newDirectory('small-log'), FEW_BYTES);
    const args = [context.lbProgram, 'logs', 'api', '--lines', LINES, '--no-follow'];
    const cwd = workspace.directory;
    const envOf = ({ directory }) => ({ ...workspace.env, LB_HOME: directory });
    const run = [() => timed(['-e', '0'], { env: workspace.env, cwd }), () => timed(args, { env: envOf(large), cwd }), () => timedTail(large.file)];
    // Once each without counting: fills the caches of the file system.
    for (const each of run) each();
    const [nodeMs = [], lbMs = [], tailMs = []] = await inTurn(listRounds, run.length, async (subject) => run[subject]?.() ?? 0);
    const [peak = 0, peakOfSmall = 0] = [large, small].map((home) => peakMemory(args, envOf(home), cwd));
    rmSync(large.directory, { recursive: true });
    const longer = medianDifference(lbMs, nodeMs);
    const size = `${Math.round(logBytes / 1e6).toLocaleString('en-US')} MB`;
    return [
      {
        measure: `\`lb logs --lines ${LINES}\` of a file of ${size}, wall time of the whole process`,
        target: '≤ `node -e 0` + 30 ms, memory as for a file of 1 MB',
        lb: ms(median(lbMs)),
        nodeCluster: `${ms(median(nodeMs))} (\`node -e 0\`), ${ms(median(tailMs))} (\`tail\`)`,
        pm2: 'n/a',
        result: `${signed(longer, ms)} against \`node -e 0\`; peak memory ${megabytes(peak)}, of 1 MB ${megabytes(peakOfSmall)}`,
        met: longer <= 30 && peak <= 1.1 * peakOfSmall,
        how: `No daemon. \`node -e 0\`, \`node bin/lb.js logs api --lines ${LINES} --no-follow\` and \`tail -n ${LINES}\` in turn, ${listRounds} rounds, output into a pipe; the median of the differences within a round. The files are in the cache of the kernel.`,
      },
    ];
  },
};
