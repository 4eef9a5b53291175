import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const LB_PROGRAM = fileURLToPath(new URL('../../bin/lb.js', import.meta.url));

/** How much is done. */
const FULL = {
  logBytes: 1e9,
  rounds: 12,
  seconds: 1,
  reloads: 20,
  idleReloads: 3,
  kills: 20,
  listRounds: 25,
  processes: 6,
  settleMs: 10_000,
  startupRounds: 15,
  plainStartupRounds: 40,
  memoryRounds: 3,
  idleApps: 10,
  idleMs: 20_000,
  recoveries: 9,
  strategyRounds: 6,
  directRounds: 6,
  directChanges: 4,
  pickRounds: 9,
  monitorFrames: 60,
  daemonCpuMs: 30_000,
  blockedRounds: 4,
  hangs: 4,
  outputRounds: 4,
  faultRounds: 3,
  drainReloads: 3,
};

/** Enough to see that everything works, too little to believe the figures. */
const QUICK = {
  ...FULL,
  logBytes: 1e8,
  rounds: 3,
  reloads: 4,
  idleReloads: 1,
  kills: 5,
  listRounds: 9,
  settleMs: 5_000,
  startupRounds: 7,
  plainStartupRounds: 7,
  memoryRounds: 1,
  recoveries: 3,
  strategyRounds: 2,
  directRounds: 2,
  directChanges: 2,
  pickRounds: 3,
  monitorFrames: 20,
  daemonCpuMs: 5_000,
  blockedRounds: 2,
  hangs: 2,
  outputRounds: 1,
  faultRounds: 1,
  drainReloads: 1,
};

export const USAGE = `usage: npm run bench -- [options]

  --only <measure,…>  only these: MEASURES;
                      or these, which are not in a whole run: PAGE
  --rounds <n>        rounds of the measures that are repeated (default: as many as each needs)
  --quick             less of everything: to see that it works, not for figures
  --write             write the result to docs/benchmarks.md, or of the measures
                      that are not in a whole run to docs/reliability.md
  --lb <program>      the bin/lb.js to measure (default: the one of this checkout)
`;

/**
 * @param {readonly string[]} args
 * @param {readonly string[]} measures of a whole run
 * @param {readonly string[]} others
 * @throws Error with what is wrong
 */
export function parseOptions(args, measures, others) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      lb: { type: 'string', default: LB_PROGRAM },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const only = values.only?.split(',') ?? measures;
  const unknown = only.find((id) => !measures.includes(id) && !others.includes(id));
  if (unknown !== undefined) throw new Error(`no measure "${unknown}"; there are: ${[...measures, ...others].join(', ')}`);
  const isPartial = values.only !== undefined && only.some((id) => measures.includes(id));
  if (values.write && (isPartial || values.quick)) throw new Error('--write takes a whole run, without --only and --quick');
  const lbProgram = resolve(values.lb);
  if (!existsSync(resolve(lbProgram, '../../dist/cli/main.cjs'))) throw new Error(`${lbProgram} is not built: npm run build`);
  return { help: values.help, only, write: values.write, lbProgram, scale: scaleOf(values) };
}

function scaleOf({ quick, rounds }) {
  const scale = quick ? QUICK : FULL;
  if (rounds === undefined) return scale;
  const n = Number(rounds);
  if (!Number.isInteger(n) || n < 1) throw new Error(`--rounds: expected a whole number from 1, got ${rounds}`);
  return {
    ...scale,
    rounds: n,
    listRounds: n,
    startupRounds: n,
    plainStartupRounds: n,
    idleReloads: n,
    memoryRounds: n,
    recoveries: n,
    strategyRounds: n,
    directRounds: n,
    pickRounds: n,
    blockedRounds: n,
    hangs: n,
    outputRounds: n,
    faultRounds: n,
    drainReloads: n,
  };
}
