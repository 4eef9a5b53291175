import { saturate } from './load.mjs';
import { cpuMs } from './processes.mjs';
import { sum } from './stats.mjs';

/** @typedef {{ ports: readonly number[], readonly processes: readonly number[] }} Target what is under load, with everything on the path of a request */

/**
 * One run of the load: what it got, and what CPU time an answer cost the target and the generator.
 * @param {Target} target
 * @param {Omit<Parameters<typeof saturate>[0], 'ports'>} load
 */
export async function costOf(target, load) {
  const { processes } = target;
  const before = processes.map(cpuMs);
  const { answered, failed, perSecond, generatorMs } = await saturate({ ports: target.ports, ...load });
  const used = processes.map((pid, index) => cpuMs(pid) - before[index]);
  return {
    perSecond,
    failed,
    cpuUs: (sum(used) * 1000) / answered,
    eachUs: used.map((ms) => (ms * 1000) / answered),
    generatorUs: (generatorMs * 1000) / answered,
  };
}
