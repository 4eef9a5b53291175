/** How often a process is checked while it does not answer, and while all is well. */
export const CHECK_MS = 1_000;
export const CALM_CHECK_MS = 2_000;
/** A process that stands still at this many checks in a row hangs. */
const CHECKS_STILL = 3;
/** In an uninterruptible wait (a disk, a network file system) it is given longer: a new process would wait there too. */
const CHECKS_WAITING = 15;
/** Without `/proc`, nothing but its silence is known. */
const CHECKS_UNKNOWN = 15;
/** An event loop that wanted the CPU for so long without a word, and has had so much of it, is blocked. */
const WANTED_MS = 5_000;
const BURNT_MS = 2_000;

/** A thread as the kernel sees it. */
export interface ThreadSight {
  /** Its letter: `R`, `S`, `D`, `T`, `t` … */
  readonly state: string;
  readonly cpuMs: number;
  /** Time in which it was ready to run and others had the CPU; 0 where the kernel does not count it. */
  readonly waitedMs: number;
}

/** What a check of a process shows. */
export interface Observation {
  /** It has said something since the check before. */
  readonly heard: boolean;
  /** A question has waited for its answer since the check before. Without one, only what it does can prove that it hangs. */
  readonly asked: boolean;
  /** Its main thread; null if that is not known. */
  readonly thread: ThreadSight | null;
}

/** What the checks so far have shown. */
export interface Liveness {
  readonly verdict: 'alive' | 'suspect' | 'hung';
  /** Why it is hung; empty if it is not. */
  readonly why: string;
  readonly checks: { readonly stopped: number; readonly idle: number; readonly waiting: number; readonly unknown: number; readonly asked: number };
  /** Its thread at the last sign of life, and at the last check. */
  readonly thread: { readonly heard: ThreadSight; readonly last: ThreadSight } | null;
}

const NO_CHECKS: Liveness['checks'] = { stopped: 0, idle: 0, waiting: 0, unknown: 0, asked: 0 };

/** Before the first check. */
export const UNSEEN: Liveness = { verdict: 'alive', why: '', checks: NO_CHECKS, thread: null };

/**
 * Whether a process hangs: it does not answer, and it is stopped, or stands still though a question waits, or has wanted the CPU for
 * 5 s since it was last heard and has had 2 s of it. It counts checks and the kernel's times of the process, never wall time: after a
 * machine slept nobody is to blame, and a process that is ready to run but gets no CPU is starved, not hung. One that a debugger
 * holds is left alone.
 */
export function judge(before: Liveness, { heard, asked, thread: last }: Observation): Liveness {
  if (heard) return { ...UNSEEN, thread: last === null ? null : { heard: last, last } };
  const thread = last === null ? before.thread : { heard: before.thread?.heard ?? last, last };
  const checks = counted(before, asked, last);
  const why = whyHung(checks, thread);
  return { verdict: why === '' ? 'suspect' : 'hung', why, checks, thread };
}

function counted({ checks, thread: seen }: Liveness, asked: boolean, thread: Observation['thread']): Liveness['checks'] {
  const next = { ...NO_CHECKS, asked: checks.asked + (asked ? 1 : 0) };
  if (thread === null) return { ...next, unknown: asked ? checks.unknown + 1 : 0 };
  const { state } = thread;
  if (state === 'T') return { ...next, stopped: checks.stopped + 1 };
  const standsStill = asked && seen !== null && thread.cpuMs === seen.last.cpuMs;
  if (state === 'S' && standsStill) return { ...next, idle: checks.idle + 1 };
  if (state === 'D' && standsStill) return { ...next, waiting: checks.waiting + 1 };
  return next;
}

function whyHung(checks: Liveness['checks'], thread: Liveness['thread']): string {
  if (checks.stopped >= CHECKS_STILL) return 'it is stopped (SIGSTOP)';
  if (checks.idle >= CHECKS_STILL) return 'its event loop stands still';
  if (checks.waiting >= CHECKS_WAITING) return 'it waits for a disk and does not come back';
  if (checks.unknown >= CHECKS_UNKNOWN) return 'it does not answer';
  return checks.asked >= CHECKS_STILL && thread !== null ? whyBlocked(thread) : '';
}

function whyBlocked({ heard, last }: NonNullable<Liveness['thread']>): string {
  const burntMs = last.cpuMs - heard.cpuMs;
  const waitedMs = last.waitedMs - heard.waitedMs;
  if (burntMs < BURNT_MS || burntMs + waitedMs < WANTED_MS) return '';
  const waited = waitedMs < 1_000 ? '' : `, and ${Math.floor(waitedMs / 1000)} s of waiting for it,`;
  return `its event loop is blocked: ${Math.floor(burntMs / 1000)} s of CPU time${waited} without an answer`;
}
