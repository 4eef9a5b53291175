import { expect, it } from 'vitest';
import { describeBlockers } from '../../src/lifecycle/describe-blockers.ts';
import type { DrainBlockers } from '../../src/lifecycle/drain-blockers.ts';

const nothing: DrainBlockers = { requests: 0, oldestMs: 0, connections: 0, websockets: 0, sockets: 0 };

it.each<[string, Partial<DrainBlockers>]>([
  ['nothing open', {}],
  ['1 request (oldest 12 s)', { requests: 1, oldestMs: 12_300, connections: 1 }],
  ['3 requests (oldest 0 s), 2 idle connections', { requests: 3, oldestMs: 400, connections: 5 }],
  ['1 idle connection', { connections: 1 }],
  ['3 requests (oldest 2 s)', { requests: 3, oldestMs: 2_000, connections: 1 }],
  ['1 WebSocket, 2 open sockets', { websockets: 1, sockets: 2 }],
  ['3 requests (oldest 12 s), 1 idle connection, 2 WebSockets, 1 open socket', { requests: 3, oldestMs: 12_000, connections: 4, websockets: 2, sockets: 1 }],
])('%s', (words, blockers) => {
  expect(describeBlockers({ ...nothing, ...blockers })).toBe(words);
});
