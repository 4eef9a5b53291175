/**
 * V8 compiles and collects garbage with up to four threads, each of which costs memory. What is at most busy for moments does with
 * one: 2 MB less for each process.
 */
const FEW_THREADS = '--v8-pool-size=1';

/** A small space for new objects, which V8 otherwise lets grow to 48 MB before it frees any. */
const SMALL_SPACE = '--max-semi-space-size=1';

/** Of a process that no connection passes through: daemons and shared primaries. */
export const SMALL_PROCESS: readonly string[] = [FEW_THREADS, SMALL_SPACE];

/** Of a primary that hands out connections. */
export const BUSY_PROCESS: readonly string[] = [FEW_THREADS];
