import { judge, CHECK_MS, UNSEEN } from '../lifecycle/liveness.ts';
import { homePaths } from '../system/paths.ts';
import { mainThreadOf } from '../system/processes.ts';
import { killDaemon, runningDaemon } from '../system/running-daemon.ts';
import type { DaemonAddress } from './address.ts';

/** Checks the daemon of a home while a request waits for its answer, and kills it if it hangs; the request fails then. */
export async function watched<T>({ home }: DaemonAddress, request: Promise<T>, note: (message: string) => void): Promise<T> {
  const paths = homePaths(home);
  let liveness = UNSEEN;
  let checks = 0;
  const check = (): void => {
    const daemon = runningDaemon(paths);
    if (daemon === null) return;
    // One that is merely slow has answered by then.
    if (++checks === 2) note(`the daemon (pid ${daemon.pid}) does not answer; if it hangs, another one takes its place`);
    liveness = judge(liveness, { heard: false, asked: true, thread: mainThreadOf(daemon) });
    if (liveness.verdict === 'hung' && killDaemon(paths, daemon)) note(`killed the daemon (pid ${daemon.pid}): ${liveness.why}`);
  };
  const timer = setInterval(check, CHECK_MS);
  try {
    return await request;
  } finally {
    clearInterval(timer);
  }
}
