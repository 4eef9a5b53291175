/** Paths of a daemon: its home, control socket and log file. */
export interface DaemonAddress {
  readonly home: string;
  readonly socket: string;
  readonly daemonLog: string;
}
