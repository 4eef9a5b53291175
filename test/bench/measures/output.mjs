import { createReadStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inTurn } from '../lib/in-turn.mjs';
import { describeLoad, saturate } from '../lib/load.mjs';
import { cpuMs } from '../lib/processes.mjs';
import { median, ratios, sum } from '../lib/stats.mjs';
import { delay, waitFor } from '../lib/wait.mjs';
import { ifMeasured, percent, ratio, thousands } from '../report/format.mjs';

const SCRIPT = fileURLToPath(new URL('../programs/printing.cjs', import.meta.url));
const WORKERS = 4;
const BYTES_PER_SECOND = 100e6;
/** Until nothing more arrives in the file. */
const SETTLED_MS = 1_000;

/** One run of one subject, with an app of its own. */
async function printWith(context, subject, seconds) {
  const [log, notes] = [context.workspace.path('output'), context.workspace.path('printed')];
  const env = { PRINT: notes, PRINT_BYTES_PER_SECOND: String(BYTES_PER_SECOND / WORKERS), PRINT_MS: String(seconds * 1000) };
  const flags = subject.name === 'lb' ? ['--output', log, '--log-max-size', '4G'] : ['--output', log, '--merge-logs'];
  const app = await subject.start({ workers: WORKERS, script: SCRIPT, flags, env });
  const { primary } = app;
  await saturate({ ports: app.ports, seconds: 1, keepAlive: true });
  const before = cpuMs(primary);
  writeFileSync(`${notes}.go`, '');
  const load = await saturate({ ports: app.ports, seconds, keepAlive: true });
  const printed = await waitFor(
    'all workers to have printed',
    () => {
      const entries = existsSync(notes)
        ? readFileSync(notes, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line))
        : [];
      return entries.length === WORKERS && entries;
    },
    60_000,
  );
  const cpu = cpuMs(primary) - before;
  const wanted = sum(printed.map(({ lines }) => lines));
  let found = await wholeLines(log);
  for (let last = -1; found !== wanted && found !== last; found = await wholeLines(log)) {
    last = found;
    await delay(SETTLED_MS);
  }
  rmSync(log, { force: true });
  return {
    wanted,
    lost: wanted - found,
    megabytesPerSecond: sum(printed.map(({ lines, ms }) => (lines * 200) / 1e6 / (ms / 1000))),
    cpu: cpu / (seconds * 1000),
    perSecond: load.perSecond,
  };
}

/** Different lines that arrived whole. */
async function wholeLines(log) {
  if (!existsSync(log)) return 0;
  /** @type {Map<string, Set<number>>} */
  const seen = new Map();
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const match = /^(\d+) (\d+) +x{180}$/.exec(line);
    if (match === null) continue;
    const [, pid, number] = match;
    seen.set(pid, (seen.get(pid) ?? new Set()).add(Number(number)));
  }
  return sum([...seen.values()].map(({ size }) => size));
}

export const output = {
  id: 'output',
  async run(context) {
    const { outputRounds, seconds } = context.scale;
    const subjects = [context.lb(), ...context.pm2()];
    const results = await inTurn(outputRounds, subjects.length, async (index, round) => {
      const run = await printWith(context, subjects[index], 2 * seconds);
      const rate = `${run.megabytesPerSecond.toFixed(0)} MB/s, ${thousands(run.lost)} of ${thousands(run.wanted)} lines lost`;
      context.progress(`round ${round + 1} ${subjects[index].name}: ${rate}, primary ${percent(run.cpu)}, ${thousands(run.perSecond)} requests/s`);
      return run;
    });
    for (const subject of subjects) await context.close(subject);
    const [lb, pm2] = results;
    const of = (runs, key) => runs.map((run) => run[key]);
    const lost = (runs) =>
      `${thousands(sum(of(runs, 'lost')))} of ${thousands(sum(of(runs, 'wanted')))} (${median(of(runs, 'megabytesPerSecond')).toFixed(0)} MB/s)`;
    const against = (key) => ifMeasured(pm2 && ratios(of(lb, key), of(pm2, key)), (value) => ratio(value, 'PM2'));
    const how = `${WORKERS} workers print lines of 200 bytes to stdout, 100 MB/s together, for ${2 * seconds} s, while they answer requests (${describeLoad()}); ${outputRounds} rounds, the subjects in turn, each with an app of its own. Every line is numbered and looked for in the log file. In parentheses the rate that was reached: a supervisor that cannot keep up makes the workers wait, or loses lines. PM2's cluster workers write to the file themselves.`;
    return [
      {
        measure: 'Output of 4 workers at 100 MB/s: lines lost',
        target: '0',
        lb: lost(lb),
        nodeCluster: 'n/a',
        pm2: ifMeasured(pm2, lost),
        result: `${thousands(sum(of(lb, 'lost')))} lost`,
        met: sum(of(lb, 'lost')) === 0,
        how,
      },
      {
        measure: 'CPU time of the primary meanwhile, of one core',
        target: 'none',
        lb: percent(median(of(lb, 'cpu'))),
        nodeCluster: 'n/a',
        pm2: ifMeasured(pm2, (runs) => percent(median(of(runs, 'cpu')))),
        result: against('cpu'),
        met: null,
        how,
      },
      {
        measure: 'Requests per second meanwhile',
        target: 'none',
        lb: thousands(median(of(lb, 'perSecond'))),
        nodeCluster: 'n/a',
        pm2: ifMeasured(pm2, (runs) => thousands(median(of(runs, 'perSecond')))),
        result: against('perSecond'),
        met: null,
        how,
      },
    ];
  },
};
