import { readdirSync, readFileSync } from 'node:fs';

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const fieldsOf = (pid) => {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** @param {number} pid */
export function isAlive(pid) {
  const state = fieldsOf(pid)[0] ?? '';
  return state !== '' && state !== 'Z' && state !== 'X';
}

/** Clock ticks of /proc/<pid>/stat; Linux has 100 a second on every machine Node.js runs on. */
const TICK_MS = 10;

/**
 * CPU time of a process so far: what utime + stime of /proc/<pid>/stat count, but from the scheduler's own counters of
 * its threads, which are exact to the nanosecond where those are to 10 ms; and the time of children it has reaped.
 * @param {number} pid
 */
export function cpuMs(pid) {
  const fields = fieldsOf(pid);
  if (fields.length < 15) return 0;
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  const children = (cutime + cstime) * TICK_MS;
  try {
    let ns = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
    if (ns > 0) return ns / 1e6 + children;
  } catch {
    // It ended in between.
  }
  return (utime + stime) * TICK_MS + children;
}

/** CPU time of the children that this process has reaped so far. */
export function reapedCpuMs() {
  const [cutime, cstime] = fieldsOf(process.pid).slice(13, 15).map(Number);
  return (cutime + cstime) * TICK_MS;
}

/** Memory that belongs to this process alone and was written to. @param {number} pid */
export function privateDirtyBytes(pid) {
  const match = /^Private_Dirty:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`));
  if (match === null) throw new Error(`cannot read the memory of process ${pid}`);
  return Number(match[1]) * 1024;
}

/** @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** Every process that carries the directory in its environment or arguments. @param {string} directory */
export function processesOf(directory) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).includes(directory) || read(`/proc/${pid}/cmdline`).includes(directory))
    .map(Number)
    .filter(isAlive);
}

/** @param {number} pid @param {NodeJS.Signals} signal */
export function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone.
  }
}
