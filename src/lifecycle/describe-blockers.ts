import type { DrainBlockers } from './drain-blockers.ts';
import { plural } from './wording.ts';

/** What a draining worker waits for: "3 requests (oldest 12 s), 2 WebSockets". */
export function describeBlockers(blockers: DrainBlockers): string {
  const idle = blockers.connections - blockers.requests;
  const parts = [
    blockers.requests > 0 ? `${plural(blockers.requests, 'request')} (oldest ${Math.round(blockers.oldestMs / 1000)} s)` : '',
    idle > 0 ? plural(idle, 'idle connection') : '',
    blockers.websockets > 0 ? plural(blockers.websockets, 'WebSocket') : '',
    blockers.sockets > 0 ? plural(blockers.sockets, 'open socket') : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing open' : parts.join(', ');
}
