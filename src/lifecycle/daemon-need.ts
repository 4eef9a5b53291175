/** While apps are alive they bring a daemon back by themselves, with the limits and the session of the one before. */
const OWN_DAEMON_MS = 1_800;
/** A daemon whose socket was deleted opens it again within a second or two. */
const SOCKET_MS = 5_000;
const WAIT_MS = 10_000;

/**
 * What a command needs a daemon for. `read` waits for one while an app is alive, and starts none where nothing runs; `change`
 * starts one if the home has apps; `start` always does; `wait` never does.
 */
export type Need = 'read' | 'change' | 'start' | 'wait';

/** What there is where no daemon answers. */
export interface Situation {
  /** A daemon has the home, but nothing listens on its socket. */
  readonly hasDaemon: boolean;
  /** A primary or a worker of the home is alive. */
  readonly hasLivingApps: () => boolean;
  /** Apps are defined. */
  readonly hasApps: () => boolean;
  readonly waitedMs: number;
}

/** `deaf`: the daemon does not open its socket. `lost`: the apps have brought none back. `none`: nothing runs, and nothing is to be started. */
export type Step = 'wait' | 'start' | 'none' | 'deaf' | 'lost';

/** What a command does that has found no daemon. */
export function nextStep(need: Need, { hasDaemon, hasLivingApps, hasApps, waitedMs }: Situation): Step {
  if (hasDaemon) return waitedMs > SOCKET_MS ? 'deaf' : 'wait';
  if (hasLivingApps()) {
    if (need === 'wait') return waitedMs > WAIT_MS ? 'lost' : 'wait';
    return waitedMs > OWN_DAEMON_MS ? 'start' : 'wait';
  }
  return need === 'start' || (need === 'change' && hasApps()) ? 'start' : 'none';
}
