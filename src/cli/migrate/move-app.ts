import { setTimeout as sleep } from 'node:timers/promises';
import { LbError, messageOf } from '../../errors/lb-error.ts';
import { plural } from '../../lifecycle/wording.ts';
import type { SocketName } from '../../protocol/worker.ts';
import { now } from '../../system/clock.ts';
import { descendantsOf, isAlive } from '../../system/processes.ts';
import { handlesSignal } from '../../system/process-state.ts';
import type { Agent, Agents, LentSocket } from './agents.ts';
import type { Inspected } from './inspector.ts';
import { pm2 } from './pm2-command.ts';
import type { Pm2Daemon } from './pm2-daemon.ts';
import type { Move } from './plan.ts';

/** After that, old connections on which no request is under way are closed: clients that keep them open would keep the old process. */
const IDLE_AFTER_MS = 10_000;
/** Then PM2 ends what is left, such as WebSockets. */
const DRAIN_MS = 30_000;
const POLL_MS = 100;
/** Connections that PM2 had accepted may be on their way to a worker. */
const ON_THE_WAY_MS = 500;

/** The side of `lb`. */
interface Target {
  /** Starts the app, on these sockets. Resolves when it serves. @throws LbError */
  start(sockets: readonly LentSocket[]): Promise<void>;
  /** Removes it again. */
  remove(): Promise<void>;
}

export interface Mover {
  readonly daemon: Pm2Daemon;
  readonly agents: Agents;
  readonly target: Target;
  /** One line about what happens. */
  readonly say: (message: string) => void;
}

/** Moves one app from PM2 to `lb`. @throws LbError LB_ERR_NOT_MOVED while PM2 still has it, LB_ERR_MIGRATE_COMMAND after that */
export async function moveApp(move: Move, mover: Mover): Promise<void> {
  if (move.way === 'hand-over') await handOver(move, mover);
  else await stopFirst(move, mover);
}

/** Both serve, then PM2 lets go. */
async function handOver(move: Move, mover: Mover): Promise<void> {
  const { app } = move;
  const { agents, daemon, target, say } = mover;
  const { workers, lenders, sockets } = await explored(move, daemon, agents).catch((error: unknown) => {
    throw notMoved(app.name, messageOf(error), 'to move it with the gap of a stop and start: lb migrate pm2 --yes --with-gap --only <app>');
  });
  if (sockets.length === 0) {
    say(`${app.name} does not listen, so it may not run twice: PM2 stops it, then lb starts it`);
    return stopFirst(move, mover);
  }
  await startedOrRemoved(app.name, target, sockets);
  await letGo(lenders, sockets);
  const left = await drained(workers);
  if (left > 0) say(`${app.name}: ${plural(left, 'connection')} of PM2 did not end within ${DRAIN_MS / 1000} s and ${left === 1 ? 'is' : 'are'} closed now`);
  await forgotten(move, daemon);
}

/** PM2 stops it, then `lb` starts it. What does not run is only defined. */
async function stopFirst(move: Move, { daemon, target }: Mover): Promise<void> {
  const { app, way } = move;
  const ids = app.processes.map(({ id }) => String(id));
  if (way !== 'define') await pm2(daemon, 'stop', ...ids);
  try {
    await target.start([]);
  } catch (error) {
    await target.remove().catch(() => {});
    if (way !== 'define') await pm2(daemon, 'restart', ...ids);
    throw notMoved(app.name, messageOf(error), 'fix the problem and run the command again');
  }
  await forgotten(move, daemon);
}

/** What the processes of an app listen on, and where the sockets are. */
interface Explored {
  readonly workers: readonly Agent[];
  readonly lenders: readonly Agent[];
  readonly sockets: readonly LentSocket[];
}

/** @throws Error if not all of its sockets can be had */
async function explored({ app }: Move, { pid }: Pm2Daemon, agents: Agents): Promise<Explored> {
  const running = app.processes.filter((each) => each.pid !== 0 && isAlive(each.pid));
  if (running.length === 0) throw new Error('its processes have ended');
  // First, because with its inspector Node.js opens those of its workers.
  const primary = app.kind === 'cluster' ? await agents.in({ pid, holds: 'sockets' }, children(pid)) : null;
  const workers: Agent[] = [];
  for (const each of running.flatMap((one) => (app.kind === 'cluster' ? { pid: one.pid, holds: 'servers' as const } : treeOf(one.pid)))) {
    workers.push(await agents.in(each));
  }
  if (workers.some(({ hasOthers }) => hasOthers)) throw new Error('it listens on a Unix socket, which cannot be handed over');
  const wanted = uniqueBy(
    workers.flatMap(({ servers }) => servers),
    addressOf,
  );
  if (wanted.length === 0) return { workers, lenders: [], sockets: [] };
  const lenders = primary === null ? workers : [primary];
  const sockets = wanted.map((name) => lenders.flatMap((lender) => lender.sockets).find((socket) => addressOf(socket.name) === addressOf(name)));
  const missing = wanted.find((_, index) => sockets[index] === undefined);
  if (missing !== undefined) throw new Error(`its socket at ${addressOf(missing)} was not found`);
  return { workers, lenders, sockets: sockets.flatMap((socket) => socket ?? []) };
}

const children = (pid: number): number[] => descendantsOf(pid).map((each) => each.pid);

/** An app with what it started itself: the workers of its own cluster, the server behind a wrapper. */
function treeOf(pid: number): Inspected[] {
  const below = descendantsOf(pid).filter((each) => handlesSignal(each.pid, 'SIGUSR1'));
  const holds = below.length === 0 ? 'servers' : 'both';
  return [{ pid, holds }, ...below.map((each): Inspected => ({ pid: each.pid, holds }))];
}

const addressOf = ({ address, port }: SocketName): string => `${address}:${port}`;

function uniqueBy<T>(all: readonly T[], key: (one: T) => string): T[] {
  return [...new Map(all.map((one) => [key(one), one])).values()];
}

async function startedOrRemoved(name: string, target: Target, sockets: readonly LentSocket[]): Promise<void> {
  try {
    await target.start(sockets);
  } catch (error) {
    await target.remove().catch(() => {});
    throw notMoved(name, messageOf(error), 'fix the problem and run the command again');
  }
}

/** From here on only `lb` gets new connections. A process that does not answer serves beside it until PM2 ends it. */
async function letGo(lenders: readonly Agent[], sockets: readonly LentSocket[]): Promise<void> {
  for (const lender of lenders) await lender.release(lender.sockets.filter((socket) => sockets.includes(socket))).catch(() => {});
}

/** Each answer is the last of its connection. @returns how many connections are left in the end */
async function drained(workers: readonly Agent[]): Promise<number> {
  const begunAt = now();
  const all = async (what: 'drain' | 'close-idle' | 'count'): Promise<number> => {
    const counts = await Promise.all(workers.map((worker) => worker.ask(what).catch(() => 0)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  let open = await all('drain');
  for (let isIdleClosed = false; (open > 0 && now() - begunAt < DRAIN_MS) || now() - begunAt < ON_THE_WAY_MS; ) {
    await sleep(POLL_MS);
    const closeIdle: boolean = !isIdleClosed && now() - begunAt > IDLE_AFTER_MS;
    open = await all(closeIdle ? 'close-idle' : 'count');
    isIdleClosed ||= closeIdle;
  }
  return open;
}

/** After a reboot PM2 must not start it again. */
async function forgotten({ app }: Move, daemon: Pm2Daemon): Promise<void> {
  await pm2(daemon, 'delete', ...app.processes.map(({ id }) => String(id)));
  await pm2(daemon, 'save', '--force');
}

const notMoved = (app: string, reason: string, hint: string): LbError => new LbError('LB_ERR_NOT_MOVED', { app, reason, hint: hint.replace('<app>', app) });
