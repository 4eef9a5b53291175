/** What keeps a draining worker alive. */
export interface DrainBlockers {
  readonly requests: number;
  /** Age of the oldest request in progress. */
  readonly oldestMs: number;
  /** Open HTTP/1 and HTTP/2 connections. */
  readonly connections: number;
  readonly websockets: number;
  /** Open connections of plain `net` servers. */
  readonly sockets: number;
}
