import { startLoad } from './load.ts';
import { expectLossless } from './tally.ts';

/** The workers that get new connections while many come at a time, each of which is served. */
export async function acceptingPids(port: number): Promise<number[]> {
  const tally = await startLoad({ port, mode: 'connection-per-request', clients: 8, thinkMs: 0, maxRequests: 150 }).ended;
  expectLossless(tally, 'new connections');
  return Object.keys(tally.pids).map(Number);
}
