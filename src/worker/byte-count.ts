/** A connection whose bytes are counted, and how many have been counted so far. */
export interface CountedConnection {
  readonly socket: { readonly bytesRead?: number | undefined; readonly bytesWritten?: number | undefined };
  /** Of a health check: its bytes are no traffic. */
  readonly isProbe?: boolean;
  received: number;
  sent: number;
}

/** Sums the bytes of connections from the counters of their sockets, which are read for each heartbeat and at the end of a connection. */
export class ByteCount {
  received = 0;
  sent = 0;

  /** Adds the bytes of this connection since it was last read. */
  read(connection: CountedConnection): void {
    if (connection.isProbe === true) return;
    const received = connection.socket.bytesRead ?? connection.received;
    const sent = connection.socket.bytesWritten ?? connection.sent;
    this.received += received - connection.received;
    this.sent += sent - connection.sent;
    connection.received = received;
    connection.sent = sent;
  }
}
