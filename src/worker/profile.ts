import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';
import type { ProfileKind, ProfileRequest } from '../protocol/profile.ts';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE = 0o600;
/** The profiler's default. Shorter intervals slow the app down. */
const CPU_SAMPLE_EVERY_US = 1_000;
const HEAP_SAMPLE_BYTES = 32_768;

/**
 * Takes a profile of this process and writes it to a file, which gets its name when it is whole. Resolves with its size in bytes.
 * The Node modules for it are loaded only now.
 * @throws Error of any kind, such as a failed write.
 */
export async function takeProfile({ what, durationMs, path, partial }: ProfileRequest): Promise<number> {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  if (existsSync(path)) throw new Error(`EEXIST: ${path} exists already`);
  try {
    await take(what, durationMs, partial);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  return statSync(path).size;
}

async function take(what: ProfileKind, durationMs: number, path: string): Promise<void> {
  switch (what) {
    case 'cpu':
      return write(path, await profileOf(durationMs, CPU));
    case 'heap-sampling':
      return write(path, await profileOf(durationMs, ALLOCATIONS));
    case 'heap':
      return writeHeap(path);
    case 'report':
      return write(path, report());
  }
}

interface Profiler {
  readonly begin: (session: Session) => Promise<void>;
  readonly end: (session: Session) => Promise<{ readonly profile: object }>;
}

const CPU: Profiler = {
  begin: async (session) => {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: CPU_SAMPLE_EVERY_US });
    await session.post('Profiler.start');
  },
  end: (session) => session.post('Profiler.stop'),
};

const ALLOCATIONS: Profiler = {
  begin: (session) => session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_SAMPLE_BYTES }),
  end: (session) => session.post('HeapProfiler.stopSampling'),
};

/** Runs a profiler in an in-process session, which opens no port and does not disturb an attached inspector. */
async function profileOf(durationMs: number, { begin, end }: Profiler): Promise<object> {
  const { Session } = process.getBuiltinModule('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await begin(session);
    // Unreferenced, so that the profile does not keep the process alive; by hand, because no worker loads `timers/promises` at boot.
    await new Promise((resolve) => setTimeout(resolve, durationMs).unref());
    return (await end(session)).profile;
  } finally {
    session.disconnect();
  }
}

function writeHeap(path: string): void {
  // Created first, because Node would make the file readable for everybody.
  closeSync(openSync(path, 'wx', PRIVATE));
  process.getBuiltinModule('node:v8').writeHeapSnapshot(path);
}

function report(): unknown {
  const maker = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = maker.excludeNetwork;
  // Otherwise the names of all peers would be resolved one by one, while the event loop is blocked.
  maker.excludeNetwork = true;
  try {
    const made: unknown = maker.getReport();
    // Node before 22.12 returns a string.
    return typeof made === 'string' ? JSON.parse(made) : made;
  } finally {
    if (before !== undefined) maker.excludeNetwork = before;
  }
}

function write(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value), { flag: 'wx', mode: PRIVATE });
}
