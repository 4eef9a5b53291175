import { judge, CHECK_MS, UNSEEN } from '../lifecycle/liveness.ts';
import { isAlive, mainThreadOf } from '../system/processes.ts';
import type { PrimaryId } from './primary-record.ts';

/** A primary that is alive but not connected for this long is hung. */
const ABSENT_MS = 10_000;
const POLL_MS = 50;
const POLLS_PER_CHECK = CHECK_MS / POLL_MS;

interface AbsenceEvents {
  /** It has connected, or it is no longer the one that is awaited. */
  readonly isOver: () => boolean;
  readonly dead: (pid: number) => void;
  readonly hung: (why: string) => void;
}

/**
 * Until a primary connects: notices that it is dead, that it hangs, or that it stays away. Polls are counted, not time alone: a
 * daemon that stood still must not blame its primaries.
 */
export function watchAbsence(primary: PrimaryId | null, { isOver, dead, hung }: AbsenceEvents): void {
  if (primary === null) return;
  let polls = 0;
  let liveness = UNSEEN;
  const poll = (): void => {
    if (isOver()) return;
    if (!isAlive(primary.pid, primary.startTime)) return dead(primary.pid);
    polls++;
    if (polls % POLLS_PER_CHECK === 0) {
      liveness = judge(liveness, { heard: false, asked: false, thread: mainThreadOf(primary) });
      if (liveness.verdict === 'hung') hung(liveness.why);
    }
    if (polls === ABSENT_MS / POLL_MS) hung(`it was disconnected for ${ABSENT_MS / 1000} s`);
    setTimeout(poll, POLL_MS);
  };
  setTimeout(poll, POLL_MS);
}
