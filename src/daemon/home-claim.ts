import { statSync } from 'node:fs';
import { LbError } from '../errors/lb-error.ts';
import type { DaemonRole } from '../lifecycle/daemon-role.ts';
import { acquireLock, type Lock } from '../system/lock.ts';
import { assertOwnContent, ensureHome, returnSockets } from '../system/ensure-home.ts';
import type { HomePaths } from '../system/paths.ts';
import { removeIfThere } from '../system/remove-file.ts';
import { claimSocketPath } from '../system/stale-socket.ts';
import type { StopListening } from './control-server.ts';
import { readPid, writePid } from './pid-file.ts';
import { takeLock } from './take-over.ts';
import type { FileReports, Unwritten } from './unwritten.ts';

const CHECKS_PER_WRITE = 5;

interface ClaimedSocket {
  /** In `HomePaths`. Of a long path, it is known only when the home has been made. */
  readonly name: 'attach' | 'socket';
  readonly listen: (path: string) => Promise<StopListening>;
}

interface HomeClaimOptions {
  readonly paths: HomePaths;
  readonly role: DaemonRole;
  readonly log: (message: string) => void;
  readonly sockets: readonly ClaimedSocket[];
  /** What could not be written is tried again now and then. */
  readonly reports: FileReports & Pick<Unwritten, 'any' | 'tryAgain'>;
  /** Files of the home were gone and are made anew. */
  readonly restored: (message: string) => void;
  /** Called once if the socket cannot be opened anew; this goes on trying. */
  readonly failed: (message: string) => void;
  /** Another daemon has the home. */
  readonly lost: () => void;
}

/** What makes a process the daemon of a home: the lock, the control socket and the pid file. Whatever of it is deleted comes back. */
export class HomeClaim {
  readonly #options: HomeClaimOptions;
  #lock: Lock | null = null;
  #home = '';
  /** By name. Where a socket belongs is looked up only when it is opened: that takes many looks at /tmp. */
  readonly #open = new Map<ClaimedSocket['name'], { readonly path: string; readonly identity: string; readonly stop: StopListening }>();
  #isChecking = false;
  #checks = 0;
  #isEnded = false;
  #problem = '';

  constructor(options: HomeClaimOptions) {
    this.#options = options;
  }

  /**
   * @returns what other users have taken of the names that this one wanted
   * @throws LbError LB_ERR_DAEMON_RUNNING if another one keeps the lock, LB_ERR_HOME, LB_ERR_SOCKET_PATH
   */
  async take(): Promise<readonly string[]> {
    const { paths, role, log } = this.#options;
    const taken = new Set<string>();
    ensureHome(paths, (message) => taken.add(message));
    assertOwnContent(paths);
    this.#lock = await takeLock({
      paths,
      role,
      log,
      taken: () => taken.add('another user holds the name of the lock of this daemon; it uses the next one'),
    });
    this.#home = identityOf(paths.home);
    return [...taken];
  }

  /** @throws LbError LB_ERR_SOCKET_PATH */
  async listen(): Promise<void> {
    const { sockets, paths, reports } = this.#options;
    returnSockets(paths.home);
    for (const { name } of sockets) await claimSocketPath(paths[name]);
    for (const socket of sockets) await this.#listen(socket);
    writePid(paths.daemonPid, reports);
  }

  /** Call this every second. */
  async check(): Promise<void> {
    if (this.#isChecking || this.#isEnded) return;
    this.#isChecking = true;
    try {
      await this.#check();
      this.#problem = '';
    } catch (error) {
      const { message } = LbError.from(error);
      if (message !== this.#problem) this.#options.failed(`the control socket or its home is gone and cannot be made anew: ${message}`);
      this.#problem = message;
    } finally {
      this.#isChecking = false;
    }
    if (++this.#checks % CHECKS_PER_WRITE === 0 && this.#options.reports.any) this.#writeAgain();
  }

  /** The home may have been deleted, or its disk full or read-only for a time. */
  #writeAgain(): void {
    const { paths, reports } = this.#options;
    try {
      ensureHome(paths);
    } catch {
      // What is missing is reported by whoever writes there.
    }
    reports.tryAgain();
  }

  release(): void {
    this.#isEnded = true;
    const { daemonPid } = this.#options.paths;
    // Closing a server unlinks whatever has its path, which may not be its socket any more.
    for (const { path, identity, stop } of this.#open.values()) if (identity === identityOf(path)) stop();
    if (readPid(daemonPid) === String(process.pid)) removeIfThere(daemonPid);
    this.#lock?.release();
  }

  async #check(): Promise<void> {
    const { home, daemonPid } = this.#options.paths;
    const isHere = identityOf(home) === this.#home;
    if (!isHere || this.#lost.length > 0) await this.#claimAnew(isHere);
    else if (readPid(daemonPid) !== String(process.pid)) writePid(daemonPid, this.#options.reports);
  }

  /** Connections that are open stay: only the name of the socket is gone. */
  async #claimAnew(isHere: boolean): Promise<void> {
    const { paths, reports, restored, lost } = this.#options;
    const { home } = paths;
    ensureHome(paths);
    if (!isHere) {
      // The lock goes with the folder: another daemon may have claimed the new one.
      const lock = await acquireLock(home);
      if (lock === null) return lost();
      this.#lock?.release();
      this.#lock = lock;
      this.#home = identityOf(home);
    }
    const gone = this.#lost;
    for (const socket of gone) await this.#listen(socket);
    writePid(paths.daemonPid, reports);
    const names = gone.map(({ name }) => paths[name]).join(' and ');
    restored(isHere ? `the control socket ${names} was gone; it is open again` : `the home ${home} was gone; it is there again`);
  }

  /** The sockets whose names lead elsewhere, or nowhere. */
  get #lost(): readonly ClaimedSocket[] {
    return this.#options.sockets.filter(({ name }) => {
      const open = this.#open.get(name);
      return open === undefined || open.identity !== identityOf(open.path);
    });
  }

  async #listen({ name, listen }: ClaimedSocket): Promise<void> {
    const path = this.#options.paths[name];
    await claimSocketPath(path);
    this.#open.get(name)?.stop(true);
    if (this.#isEnded) return;
    const stop = await listen(path);
    this.#open.set(name, { path, identity: identityOf(path), stop });
  }
}

/** While the socket is open its inode is in use, so a file in its place has another one. What cannot be looked at has none. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}
