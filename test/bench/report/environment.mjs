import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { loadDescription } from '../lib/load.mjs';

/** What the figures depend on. @param {{ lbProgram: string, pm2Version: string }} versions */
export function describeEnvironment({ lbProgram, pm2Version }) {
  const lbVersion = JSON.parse(readFileSync(new URL('../package.json', `file://${lbProgram}`), 'utf8')).version;
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    `Node.js ${process.versions.node}, lb ${lbVersion}, PM2 ${pm2Version}`,
    `load: ${loadDescription}; load, supervisors and app share the cores`,
    `load average before the run, from whatever else the machine did: ${loadavg()[0].toFixed(2)}`,
  ];
}
