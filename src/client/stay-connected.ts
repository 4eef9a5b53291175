import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { DaemonAddress } from './address.ts';
import { connect } from './connect.ts';
import { homePaths } from '../system/paths.ts';
import { hasLivingApps } from './living-apps.ts';
import type { Channel } from './request.ts';

const RETRY_MS = 500;

export interface ConnectionUse {
  /** Called with every new connection; runs until it breaks or the signal aborts. */
  readonly use: (channel: Channel, signal: AbortSignal) => Promise<void>;
  /** Called once each time the connection is lost. */
  readonly onDown: (error: LbError) => void;
  /** Errors after which retrying is pointless; default none. */
  readonly isFatal?: (error: LbError) => boolean;
}

/**
 * Keeps a connection to the daemon until the signal aborts, and reconnects after a loss. Closes every channel it used,
 * including `first`. Rejects only with a fatal error.
 */
export async function stayConnected(address: DaemonAddress, signal: AbortSignal, { use, onDown, isFatal }: ConnectionUse, first?: Channel): Promise<void> {
  let channel = first;
  let isDown = false;
  while (!signal.aborted) {
    try {
      channel ??= (await connect(address)).channel;
      if (signal.aborted) return;
      isDown = false;
      await use(channel, signal);
      throw new LbError('LB_ERR_DAEMON_LOST');
    } catch (thrown) {
      if (signal.aborted) return;
      const error = explained(LbError.from(thrown), address);
      if (isFatal?.(error) === true) throw thrown;
      if (!isDown) onDown(error);
      isDown = true;
    } finally {
      channel?.close();
      channel = undefined;
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** While apps are alive, another daemon comes. */
function explained(error: LbError, { home }: DaemonAddress): LbError {
  const isLost = error.code === 'LB_ERR_DAEMON_NOT_RUNNING' && hasLivingApps(homePaths(home).primaries);
  return isLost ? new LbError('LB_ERR_DAEMON_LOST') : error;
}
