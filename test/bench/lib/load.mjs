import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.mjs';
import { reapedCpuMs } from './processes.mjs';
import { findProgram } from './program.mjs';

const GENERATOR = fileURLToPath(new URL('../programs/generator.cjs', import.meta.url));
const SPREAD = fileURLToPath(new URL('../programs/spread.lua', import.meta.url));
const SESSIONS = fileURLToPath(new URL('../programs/sessions.cjs', import.meta.url));
const SPREADING = fileURLToPath(new URL('../programs/spreading.cjs', import.meta.url));
const CLIENTS = fileURLToPath(new URL('../programs/clients.cjs', import.meta.url));

const CONNECTIONS = 64;

/** @returns {string | null} */
function findWrk() {
  const { stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' });
  return /^wrk\s+(\S+)/.exec(stdout ?? '')?.[1] ?? null;
}

const wrk = findWrk();

/** How the load of `saturate` is made, for the report. @param {number} [threads] */
export const describeLoad = (threads = 1) =>
  `${wrk === null ? 'a generator of its own on Node.js (wrk is not installed)' : `wrk ${wrk}, ${threads} thread${threads === 1 ? '' : 's'}`}, ${CONNECTIONS} connections`;

/** The same where the clients come from many addresses, which wrk has no option for. */
export const addressesDescription = `a generator on Node.js, ${CONNECTIONS} connections, each from a loopback address of its own`;

/**
 * As many requests as the server answers, from a process of its own.
 * @param {{ ports: readonly number[], seconds: number, keepAlive: boolean, connections?: number, threads?: number, addresses?: boolean, core?: number }} options
 * several ports share the connections, which needs as many threads; `addresses`: each connection from a loopback address of its own; `core`: the load has only this one,
 * where wrk and taskset are installed
 * @returns {Promise<{ answered: number, failed: number, perSecond: number, generatorMs: number }>} with the generator's CPU time
 */
export async function saturate(options) {
  const before = reapedCpuMs();
  const result = await (wrk === null || options.addresses ? saturateWithGenerator(options) : saturateWithWrk(options));
  return { ...result, generatorMs: reapedCpuMs() - before };
}

async function saturateWithWrk({ ports, seconds, keepAlive, connections = CONNECTIONS, threads = 1, core }) {
  const header = keepAlive ? [] : ['-H', 'Connection: close'];
  const spread = ports.length === 1 ? [] : ['-s', SPREAD];
  const args = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, ...header, ...spread, `http://127.0.0.1:${ports[0]}/`];
  const env = { ...process.env, PORTS: ports.join(' ') };
  const [program, ...all] = core === undefined || findProgram('taskset') === null ? ['wrk', ...args] : ['taskset', '-c', String(core), 'wrk', ...args];
  const { output } = await runCommand(program, all, { env, cwd: '/', timeoutMs: seconds * 1000 + 30_000 });
  const answered = Number(/(\d+) requests in/.exec(output)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
  const errors = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1).map(Number) ?? [];
  if (!(answered > 0)) throw new Error(`no answer to wrk:\n${output}`);
  return { answered, failed: errors.reduce((total, count) => total + count, 0), perSecond };
}

/** Runs a program of the benchmark that answers with one message and ends. */
async function resultOf(program, config) {
  const child = fork(program, [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const ended = exited.then(() => Promise.reject(new Error(`${program} ended without a result`)));
  const [result] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  await exited;
  return result;
}

async function saturateWithGenerator({ ports, seconds, keepAlive, connections = CONNECTIONS, addresses = false }) {
  const config = { ports, addresses, connections, durationMs: seconds * 1000, keepAlive };
  const { answered, failed, seconds: took } = await resultOf(GENERATOR, config);
  return { answered, failed, perSecond: answered / took };
}

/**
 * Clients with some requests on each connection and pauses in between, from a process of its own.
 * @param {{ port: number, clients: number, requests: number, pauseMs: number, warmUpMs: number, durationMs: number, slowMs: number }} options
 * `requests` on a connection and `pauseMs` between them are means; what happens in the first `warmUpMs` is not counted
 * @returns {Promise<{ answered: number, failed: number, medianMs: number, p99Ms: number, slow: number, byPid: Record<string, number> }>}
 * `slow` is the share of the requests that took `slowMs` or longer
 */
export function runSessions(options) {
  return resultOf(SESSIONS, options);
}

/**
 * New connections, as fast as they can be opened, counted by the worker that answers.
 * @param {{ port: number, clients: number, warmUpMs: number, durationMs: number, hold: number }} options `hold`: so many are opened and stay open
 * @returns {Promise<{ byPid: Record<string, number>, perSecond: number }>}
 */
export function runSpreading(options) {
  return resultOf(SPREADING, options);
}

/**
 * @typedef {{ name: string, clients: number, keepAlive: boolean, pauseMs: number }} ClientGroup
 * @typedef {{ name: string, outcomes: Record<string, number>, longestMs: number, gapMs: number }} Tally `gapMs`: the longest time in which nobody of the group got an answer
 */

/**
 * Clients without retries that run until stopped, each outcome counted.
 * @param {{ port: number, groups: ClientGroup[], hungMs: number }} options
 * @returns {{ stop(): Promise<Tally[]>, close(): Promise<void> }}
 */
export function startClients(options) {
  const config = JSON.stringify({ ...options, maxDurationMs: 300_000 });
  const child = fork(CLIENTS, [config], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const result = new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('the clients ended without a result')));
  });
  result.catch(() => {});
  return {
    async stop() {
      child.send('stop', () => {});
      return /** @type {Promise<Tally[]>} */ (result);
    },
    async close() {
      child.kill('SIGKILL');
    },
  };
}

/** Served requests and failures of a group, by kind. @param {Tally[]} tallies @param {(name: string) => boolean} [which] */
export function countOutcomes(tallies, which = () => true) {
  /** @type {Record<string, number>} */
  const kinds = {};
  let served = 0;
  for (const { name, outcomes } of tallies) {
    if (!which(name)) continue;
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (outcome === 'served') served += count;
      else kinds[outcome] = (kinds[outcome] ?? 0) + count;
    }
  }
  return { served, failed: Object.values(kinds).reduce((total, count) => total + count, 0), kinds };
}
