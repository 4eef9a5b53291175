/** The load of a worker that accepts for itself. */
export interface AcceptorLoad {
  readonly connections: number;
  /** Share of the time in which its event loop was busy, 0 to 1. */
  readonly utilization: number;
  /** It pauses, because it was ahead. */
  readonly paused: boolean;
}

/** A worker pauses above the first of two bounds relative to its peers, and accepts again below the second. */
const CONNECTIONS = { pause: { times: 1.5, more: 16 }, resume: { times: 1.2, more: 4 } } as const;
const UTILIZATION = { busy: 0.9, pause: 0.3, resume: 0.1 } as const;

/**
 * Which workers should pause accepting, because they have far more open connections or a far busier event loop than their peers have
 * on average. At least one accepts: the one with the fewest connections.
 */
export function ahead(workers: readonly AcceptorLoad[]): boolean[] {
  const pausing = workers.map((worker, index) => isAhead(worker, without(workers, index)));
  if (pausing.length === 0 || pausing.includes(false)) return pausing;
  const fewest = Math.min(...workers.map(({ connections }) => connections));
  pausing[workers.findIndex(({ connections }) => connections === fewest)] = false;
  return pausing;
}

function isAhead({ connections, utilization, paused }: AcceptorLoad, peers: readonly AcceptorLoad[]): boolean {
  if (peers.length === 0) return false;
  const { times, more } = paused ? CONNECTIONS.resume : CONNECTIONS.pause;
  if (connections > times * mean(peers.map((peer) => peer.connections)) + more) return true;
  const others = mean(peers.map((peer) => peer.utilization));
  return paused
    ? utilization > others + UTILIZATION.resume && utilization > UTILIZATION.busy
    : utilization > Math.max(UTILIZATION.busy, others + UTILIZATION.pause);
}

const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, other) => other !== index);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
