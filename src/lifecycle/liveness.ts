/** How often a process is looked at while it does not answer, and while all is well. */
export const LOOK_MS = 1_000;
export const CALM_LOOK_MS = 2_000;
/** A process that stands still at this many looks in a row hangs. */
const LOOKS_STILL = 3;
/** In an uninterruptible wait (a disk, a network file system) it is given longer: a new process would wait there too. */
const LOOKS_WAITING = 15;
/** Without `/proc`, nothing but its silence is known. */
const LOOKS_UNKNOWN = 15;
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

/** What one look at a process shows. */
export interface Observation {
  /** It has said something since the look before. */
  readonly heard: boolean;
  /** A question has waited for its answer since the look before. Without one, only what it does can prove that it hangs. */
  readonly asked: boolean;
  /** Its main thread; null if that is not known. */
  readonly thread: ThreadSight | null;
}

/** What the looks so far have shown. */
export interface Liveness {
  readonly verdict: 'alive' | 'suspect' | 'hung';
  /** Why it is hung; empty if it is not. */
  readonly why: string;
  readonly looks: { readonly stopped: number; readonly idle: number; readonly waiting: number; readonly unknown: number; readonly asked: number };
  /** Its thread at the last sign of life, and at the last look. */
  readonly thread: { readonly heard: ThreadSight; readonly last: ThreadSight } | null;
}

const NO_LOOKS: Liveness['looks'] = { stopped: 0, idle: 0, waiting: 0, unknown: 0, asked: 0 };

/** Before the first look. */
export const UNSEEN: Liveness = { verdict: 'alive', why: '', looks: NO_LOOKS, thread: null };

/**
 * Whether a process hangs: it does not answer, and it is stopped, or stands still though a question waits, or has wanted the CPU for
 * 5 s since it was last heard and has had 2 s of it. It counts looks and the kernel's times of the process, never wall time: after a
 * machine slept nobody is to blame, and a process that is ready to run but gets no CPU is starved, not hung. One that a debugger
 * holds is left alone.
 */
export function judge(before: Liveness, { heard, asked, thread: last }: Observation): Liveness {
  if (heard) return { ...UNSEEN, thread: last === null ? null : { heard: last, last } };
  const thread = last === null ? before.thread : { heard: before.thread?.heard ?? last, last };
  const looks = counted(before, asked, last);
  const why = whyHung(looks, thread);
  return { verdict: why === '' ? 'suspect' : 'hung', why, looks, thread };
}

function counted({ looks, thread: seen }: Liveness, asked: boolean, thread: Observation['thread']): Liveness['looks'] {
  const next = { ...NO_LOOKS, asked: looks.asked + (asked ? 1 : 0) };
  if (thread === null) return { ...next, unknown: asked ? looks.unknown + 1 : 0 };
  const { state } = thread;
  if (state === 'T') return { ...next, stopped: looks.stopped + 1 };
  const standsStill = asked && seen !== null && thread.cpuMs === seen.last.cpuMs;
  if (state === 'S' && standsStill) return { ...next, idle: looks.idle + 1 };
  if (state === 'D' && standsStill) return { ...next, waiting: looks.waiting + 1 };
  return next;
}

function whyHung(looks: Liveness['looks'], thread: Liveness['thread']): string {
  if (looks.stopped >= LOOKS_STILL) return 'it is stopped (SIGSTOP)';
  if (looks.idle >= LOOKS_STILL) return 'its event loop stands still';
  if (looks.waiting >= LOOKS_WAITING) return 'it waits for a disk and does not come back';
  if (looks.unknown >= LOOKS_UNKNOWN) return 'it does not answer';
  return looks.asked >= LOOKS_STILL && thread !== null ? whyBlocked(thread) : '';
}

function whyBlocked({ heard, last }: NonNullable<Liveness['thread']>): string {
  const burntMs = last.cpuMs - heard.cpuMs;
  const waitedMs = last.waitedMs - heard.waitedMs;
  if (burntMs < BURNT_MS || burntMs + waitedMs < WANTED_MS) return '';
  const waited = waitedMs < 1_000 ? '' : `, and ${Math.floor(waitedMs / 1000)} s of waiting for it,`;
  return `its event loop is blocked: ${Math.floor(burntMs / 1000)} s of CPU time${waited} without an answer`;
}
