import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonAddress } from '../../client/address.ts';
import { connect } from '../../client/connect.ts';
import type { Channel } from '../../client/request.ts';
import { LbError } from '../../errors/lb-error.ts';

const RETRY_MS = 1_000;

export interface ConnectionUse {
  /** Works with the connection until it breaks. */
  readonly use: (channel: Channel, signal: AbortSignal) => Promise<void>;
  readonly onUp: () => void;
  /** Said once each time it goes away. */
  readonly onDown: (reason: string) => void;
}

/** Keeps a connection to the daemon, and looks for it every second when it is gone, until the signal. Never rejects. */
export async function stayConnected(address: DaemonAddress, signal: AbortSignal, { use, onUp, onDown }: ConnectionUse): Promise<void> {
  let isDown = false;
  while (!signal.aborted) {
    const error = await once(address, signal, use, () => {
      isDown = false;
      onUp();
    });
    if (signal.aborted) return;
    if (!isDown) onDown(error.message);
    isDown = true;
    await delay(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Resolves with what ended the connection. */
async function once(address: DaemonAddress, signal: AbortSignal, use: ConnectionUse['use'], onUp: () => void): Promise<LbError> {
  try {
    const { channel } = await connect(address);
    try {
      onUp();
      await use(channel, signal);
      return new LbError('LB_ERR_DAEMON_NOT_RUNNING', { home: address.home });
    } finally {
      channel.close();
    }
  } catch (error) {
    return LbError.from(error);
  }
}
