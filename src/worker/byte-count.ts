/** A connection whose bytes are counted, and how many of them have been. */
export interface CountedConnection {
  readonly socket: { readonly bytesRead?: number | undefined; readonly bytesWritten?: number | undefined };
  received: number;
  sent: number;
}

/** Adds up the bytes of connections from the counters that their sockets keep anyway: read when somebody asks, and at their end. */
export class ByteCount {
  received = 0;
  sent = 0;

  /** What has passed since this connection was read last. */
  read(connection: CountedConnection): void {
    const received = connection.socket.bytesRead ?? connection.received;
    const sent = connection.socket.bytesWritten ?? connection.sent;
    this.received += received - connection.received;
    this.sent += sent - connection.sent;
    connection.received = received;
    connection.sent = sent;
  }
}
