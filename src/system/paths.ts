import { join } from 'node:path';
import { shortHash } from './short-hash.ts';
import { ownSocketFolder, socketFolder } from './socket-folder.ts';

/** Size of `sun_path` minus the terminating zero. */
const SOCKET_PATH_BYTES = 107;

/** The files of one home directory; absolute paths. */
export interface HomePaths {
  readonly home: string;
  /** Control socket; a named pipe on Windows. */
  readonly socket: string;
  /** Socket to which the primaries connect. */
  readonly attach: string;
  readonly daemonLog: string;
  readonly daemonPid: string;
  /** Desired state of every app. */
  readonly state: string;
  /** The same of the last `lb run`: it leaves the saved apps alone, and its own do not come back. */
  readonly runState: string;
  /** Counters of every app. */
  readonly totals: string;
  readonly metrics: string;
  /** The socket that is shared with a group. */
  readonly share: string;
  /** The last upgrade. */
  readonly upgrade: string;
  /** Directory of the apps' log files. */
  readonly logs: string;
  /** Directory with the times of the lines in the log files. */
  readonly lineTimes: string;
  /** Directory with one record per running primary. */
  readonly primaries: string;
  /** Directory of profiles and reports of workers. */
  readonly profiles: string;
  /** See `EventLog`. */
  readonly events: string;
}

/** All paths in a home directory. */
export function homePaths(home: string): HomePaths {
  return {
    home,
    // Of a long path, they are known only when the home has been made.
    get socket() {
      return socketPath(home, 'lb.sock');
    },
    get attach() {
      return socketPath(home, 'attach.sock');
    },
    daemonLog: join(home, 'daemon.log'),
    daemonPid: join(home, 'daemon.pid'),
    state: join(home, 'state.json'),
    runState: join(home, 'run-state.json'),
    totals: join(home, 'totals.json'),
    metrics: join(home, 'metrics.json'),
    share: join(home, 'share.json'),
    upgrade: join(home, 'upgrade.json'),
    logs: join(home, 'logs'),
    lineTimes: join(home, 'line-times'),
    primaries: join(home, 'primaries'),
    profiles: join(home, 'profiles'),
    events: join(home, 'events.ndjson'),
  };
}

/** In the folder of the primaries: names the commands of the primary with this pid. During an upgrade there are two. */
export const commandsFile = (primary: string, pid: number): string => `${primary}.${pid}.commands`;

type SocketName = 'lb.sock' | 'attach.sock';

/** Under /tmp if the path in the home is too long for a socket, or the home was read-only when the daemon started. */
function socketPath(home: string, name: SocketName): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\lb-${shortHash(home.toLowerCase())}${name === 'lb.sock' ? '' : '-attach'}`;
  const folder = ownSocketFolder(home) ?? (fitsSocket(home, name) ? home : socketFolder(home));
  return join(folder, name);
}

/** Whether the path in the home is short enough for a socket. */
export const fitsSocket = (home: string, name: SocketName): boolean => Buffer.byteLength(join(home, name)) <= SOCKET_PATH_BYTES;

/** Where a user's daemon is reached by the members of a group, unless another path is given. */
export const sharedSocketOf = (uid: number): string => `/run/lb-${uid}/lb.sock`;
