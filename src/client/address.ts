/** Where a daemon is found: its home, its control socket and the file it logs to. */
export interface DaemonAddress {
  readonly home: string;
  readonly socket: string;
  readonly daemonLog: string;
}
