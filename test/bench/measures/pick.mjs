import { fileURLToPath, pathToFileURL } from 'node:url';
import { runNode } from '../lib/command.mjs';
import { median } from '../lib/stats.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/pick.mjs', import.meta.url));
const BACKENDS = 128;
const PICKS = 100_000;
const LONGEST_NS = 1_000;

export const pick = {
  id: 'pick',
  async run(context) {
    const { pickRounds } = context.scale;
    const folder = new URL('../dist/balancing/', pathToFileURL(context.lbProgram));
    const { env, directory } = context.workspace;
    const { output } = await runNode([PROGRAM, folder.href, ...[BACKENDS, PICKS, pickRounds].map(String)], { env, cwd: directory });
    const results = JSON.parse(output).map(({ name, ns }) => ({ name, ns: median(ns) }));
    const slowest = results.reduce((a, b) => (a.ns >= b.ns ? a : b));
    return [
      {
        measure: `CPU time of picking a worker among ${BACKENDS}, each strategy`,
        target: '≤ 1 µs',
        lb: results.map(({ name, ns }) => `${name} ${ns.toFixed(0)} ns`).join(', '),
        nodeCluster: 'n/a',
        pm2: 'n/a',
        result: `${slowest.ns.toFixed(0)} ns (${slowest.name})`,
        met: slowest.ns <= LONGEST_NS,
        how: `CPU time, so that what else the machine does counts less. The compiled strategies in a process of their own, all backends free and of equal weight, with as many connections coming as going; of ip-hash with the hash of the client's IPv4 address. Medians of ${pickRounds} rounds of ${PICKS.toLocaleString('en-US')} picks, the strategies in turn.`,
      },
    ];
  },
};
