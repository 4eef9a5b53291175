/** Paths of a daemon: its home, control socket and log file. */
export interface DaemonAddress {
  readonly home: string;
  readonly socket: string;
  readonly daemonLog: string;
  /** The socket was named by LB_SOCKET: it may belong to another user, whose daemon this command does not start. */
  readonly isShared?: boolean;
}
