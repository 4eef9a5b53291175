import { plural } from '../lifecycle/wording.ts';
import { isAlive, sendSignal } from '../system/processes.ts';
import { until } from '../system/until.ts';
import type { PrimaryId } from './primary-record.ts';
import type { Tenant } from './tenant.ts';

/** How long a primary that was told to leave may take. */
const EXIT_MS = 10_000;

interface LostPrimary {
  readonly pid: number;
  readonly how: string;
}

/** Resolves when a primary that was told to leave is gone; one that takes too long is killed. */
export async function departed({ pid, startTime }: PrimaryId, log: (message: string) => void): Promise<void> {
  if (await until(() => !isAlive(pid, startTime), EXIT_MS)) return;
  log(`killing a primary (pid ${pid}): it was told to leave and did not`);
  sendSignal(pid, 'SIGKILL');
}

/** An app whose primary is lost gets another. */
export function tellReplaced({ event }: Tenant, { pid, how }: LostPrimary, delayMs: number, sockets: number): void {
  const when = delayMs === 0 ? 'at once' : `in ${delayMs} ms`;
  event('primary-lost', `primary (pid ${pid}) ended unexpectedly (${how}); a new one starts ${when}, ${plural(sockets, 'socket')} kept`, undefined, {
    cause: how,
  });
}

/** An app that is being stopped has lost its primary. */
export function tellLeftAlone({ event }: Tenant, { pid, how }: LostPrimary): void {
  const message = `primary (pid ${pid}) ended unexpectedly (${how}); the app was being stopped, its workers finish on their own`;
  event('primary-lost', message, undefined, { cause: how });
}
