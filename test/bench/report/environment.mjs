import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { describeLoad } from '../lib/load.mjs';

/** What the figures depend on. @param {{ lbProgram: string, others: import('../subjects/installed.mjs').Others }} measured */
export function describeEnvironment({ lbProgram, others }) {
  const { pm2, oxmgr, nginx, haproxy, leftOut } = others;
  const versions = Object.entries({ PM2: pm2, Oxmgr: oxmgr, nginx, HAProxy: haproxy }).filter(([, found]) => found !== null);
  const lbVersion = JSON.parse(readFileSync(new URL('../package.json', `file://${lbProgram}`), 'utf8')).version;
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    [`Node.js ${process.versions.node}, lb ${lbVersion}`, ...versions.map(([name, { version }]) => `${name} ${version}`)].join(', '),
    ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.join(', ')}`]),
    `load: ${describeLoad()}; load, supervisors and app share the cores`,
    `load average before the run, from whatever else the machine did: ${loadavg()[0].toFixed(2)}`,
  ];
}
