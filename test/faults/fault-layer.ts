import type { ChildProcess as Child } from 'node:child_process';
import { PassThrough, Readable, Writable } from 'node:stream';

/**
 * What stands between the code of `src` and the file system and processes: it records each call with the file it came from, and lets
 * one of them fail. It takes the place of Node's modules, so nothing can go past it.
 */

/** A call that can fail: `daemon/store.ts copyFileSync`. */
export type Site = string;

export interface Fault {
  readonly site: Site;
  readonly errno: string;
}

type Anything = (...args: unknown[]) => unknown;
type Module = Readonly<Record<string, unknown>>;

interface Layer {
  fault: Fault | null;
  /** How often each call was made. */
  readonly ran: Map<Site, number>;
  /** How often the fault struck. */
  struck: number;
  primaryLives: boolean;
  /** How often the daemon has killed a primary. */
  killed: number;
  /** Connections of primaries. */
  readonly attachments: Set<{ close(): void }>;
  /** Answers `spawn` in the place of the system. */
  spawn: (args: readonly string[], options: { readonly env?: Readonly<Record<string, string>> }) => Child;
}

export const layer: Layer = {
  fault: null,
  ran: new Map(),
  struck: 0,
  primaryLives: false,
  killed: 0,
  attachments: new Set(),
  spawn: () => {
    throw new Error('nothing is spawned here');
  },
};

/** The real one. */
const { ChildProcess } = process.getBuiltinModule('node:child_process');
const SRC = '/src/';

/** The file of `src` that makes a call; null for a test, or a package. */
function caller(): string | null {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 12;
  // Much quicker than the text of a stack, which is mapped to the sources.
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName());
  const files = new Error('here').stack as unknown as (string | null)[];
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  const file = files.find((each) => each !== null && !each.startsWith('node:') && !each.includes('fault-layer.ts')) ?? '';
  const at = file.indexOf(SRC);
  return at < 0 || file.includes('node_modules') ? null : (/^[^?]+/.exec(file.slice(at + SRC.length))?.[0] ?? null);
}

/** The error with which this call has to fail; null if it has to be made. */
function strike(name: string): NodeJS.ErrnoException | null {
  const file = caller();
  if (file === null) return null;
  const site = `${file} ${name}`;
  layer.ran.set(site, (layer.ran.get(site) ?? 0) + 1);
  if (layer.fault?.site !== site) return null;
  layer.struck++;
  return errorOf(layer.fault.errno, name);
}

function errorOf(errno: string, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${errno}: injected, ${name}`), { code: errno, errno: -1, syscall: name });
}

/** Calls that do not throw, but answer. */
const ANSWERS: Readonly<Record<string, (error: NodeJS.ErrnoException) => unknown>> = {
  existsSync: () => false,
  createReadStream: (error) =>
    new Readable({
      read() {
        this.destroy(error);
      },
    }),
  createWriteStream: (error) => new Writable({ write: (_chunk, _encoding, done) => done(error) }),
};

const isForced = (args: readonly unknown[]): boolean => args.some((arg) => typeof arg === 'object' && arg !== null && 'force' in arg && arg.force === true);
const mayBeMissing = (args: readonly unknown[]): boolean =>
  args.some((arg) => typeof arg === 'object' && arg !== null && 'throwIfNoEntry' in arg && arg.throwIfNoEntry === false);

/** `node:fs`, whose functions fail when they have to. */
export function faultyFs(real: Module): Module {
  return wrapped(real, (name, call) => (...args) => {
    const error = strike(name);
    if (error === null) return call(...args);
    if (error.code === 'ENOENT' && (isForced(args) || mayBeMissing(args))) return undefined;
    const answer = ANSWERS[name];
    if (answer !== undefined) return answer(error);
    throw error;
  });
}

/** `node:fs/promises`, with the methods of the file handles that it gives. */
export function faultyPromises(real: Module): Module {
  return wrapped(real, (name, call) => async (...args) => {
    const error = strike(name);
    if (error !== null && !(error.code === 'ENOENT' && isForced(args))) throw error;
    const result = error === null ? await call(...args) : undefined;
    return name === 'open' ? faultyHandle(result as object) : result;
  });
}

function faultyHandle(handle: object): object {
  return new Proxy(handle, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const method = value.bind(target) as Anything;
      // The stream does what it does through the other methods.
      if (name === 'createWriteStream') return method;
      return (...args: unknown[]): unknown => {
        const error = strike(`FileHandle.${name}`);
        if (error === null) return method(...args);
        // A file is closed, whatever is said of it.
        if (name === 'close') return Promise.resolve(method()).then(() => Promise.reject(error));
        return Promise.reject(error);
      };
    },
  });
}

/** What Node does when the system refuses a process: some errors are thrown, others come as an event, and for want of descriptors there are no pipes. */
function refused(error: NodeJS.ErrnoException): Child {
  if (!['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'].includes(error.code ?? '')) throw error;
  const child = new ChildProcess();
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    Object.assign(child, { stdin, stdout, stderr, connected: false, send: () => false });
  }
  process.nextTick(() => child.emit('error', error));
  return child;
}

/** `node:child_process`, whose `spawn` starts nothing. */
export function faultyProcesses(real: Module): Module {
  return wrapped(real, (name, call) => (...args) => {
    if (name === 'ChildProcess' || caller() === null) return call(...args);
    const error = strike(name);
    if (error !== null) return name === 'spawn' ? refused(error) : raise(error);
    return name === 'spawn' ? layer.spawn(args[1] as string[], args[2] ?? {}) : call(...args);
  });
}

const raise = (error: Error): never => {
  throw error;
};

function wrapped(real: Module, wrap: (name: string, call: Anything) => Anything): Module {
  const own = Object.fromEntries(
    Object.entries(real).map(([name, value]) => [name, typeof value === 'function' && /^[a-z]/.test(name) ? wrap(name, value as Anything) : value]),
  );
  return { ...own, default: own };
}
