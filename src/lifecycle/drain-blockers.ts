/** What still keeps a draining worker from leaving. */
export interface DrainBlockers {
  readonly requests: number;
  /** Age of the oldest request in flight. */
  readonly oldestMs: number;
  /** Open HTTP/1 and HTTP/2 connections. */
  readonly connections: number;
  readonly websockets: number;
  /** Open connections of plain `net` servers. */
  readonly sockets: number;
}
