import { mix } from './mix.ts';

/** A worker in rotation, which accepts connections itself. */
export interface DirectWorker {
  readonly id: number;
  readonly slot: number;
  /** Accepts only if no regular worker does. */
  readonly backup: boolean;
}

/**
 * Which workers accept from each listening socket: those of its slot (during a reload, old and new), else one of another slot,
 * so that no socket is left without a worker.
 * @param shared there is one socket for all, from which every worker accepts
 */
export function assignSockets(socketCount: number, workers: readonly DirectWorker[], shared: boolean): readonly (readonly number[])[] {
  const regular = workers.filter((worker) => !worker.backup);
  const accepting = regular.length > 0 ? regular : workers;
  const sockets = Array.from({ length: socketCount }, (_, socket) => socket);
  const idsOf = (slot: number | undefined): readonly number[] => accepting.filter((worker) => worker.slot === slot).map(({ id }) => id);
  if (shared) return sockets.map(() => accepting.map(({ id }) => id));
  const slots = new Set(accepting.map(({ slot }) => slot));
  const hosts = hostOrphans(sockets, slots);
  return sockets.map((socket) => (slots.has(socket) ? idsOf(socket) : idsOf(hosts.get(socket)).slice(0, 1)));
}

/**
 * Assigns each socket without a worker to a slot, by rendezvous hashing with bounded loads (Mirrokni, Thorup and
 * Zadimoghaddam): the loads of two slots differ by at most one socket, and few sockets move when a slot comes or goes. Starts
 * with the highest slots: a slot that was scaled away stays away longer than one that crashed.
 */
function hostOrphans(sockets: readonly number[], slots: ReadonlySet<number>): ReadonlyMap<number, number> {
  const hosts = new Map<number, number>();
  const loads = new Map([...slots].sort((a, b) => a - b).map((slot) => [slot, slot < sockets.length ? 1 : 0]));
  const fair = Math.floor(sockets.length / slots.size);
  let extras = (sockets.length % slots.size) - [...loads.values()].filter((load) => load > fair).length;
  for (const socket of sockets.toReversed()) {
    if (slots.has(socket)) continue;
    let host: number | null = null;
    for (const [slot, load] of loads) {
      const hasRoom = load < fair || (load === fair && extras > 0);
      if (hasRoom && (host === null || rank(socket, slot) > rank(socket, host))) host = slot;
    }
    if (host === null) break;
    const load = loads.get(host) ?? 0;
    if (load === fair) extras--;
    loads.set(host, load + 1);
    hosts.set(socket, host);
  }
  return hosts;
}

function rank(socket: number, slot: number): number {
  return mix(mix(socket + 1) ^ slot) >>> 0;
}
