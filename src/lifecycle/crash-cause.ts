import { place } from './describe-stack.ts';
import type { ExitReport } from './exit-report.ts';
import { megabytes } from './wording.ts';

/** Signals that a process raises by its own fault. */
const FAULTS: ReadonlySet<string> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);
const LONGEST = 200;
/** Between the place of a syntax error and its message stand the source line, a caret and a blank line. */
const LINES_TO_PLACE = 6;

const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

const OUT_OF_MEMORY = /^(?:FATAL ERROR: .*JavaScript heap out of memory|# Fatal JavaScript out of memory)/;
const FATAL = /^(?:FATAL ERROR: |# Fatal )/;
const ERROR = /(?:^|[\s["'(])(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?(?::|\s|$)|^FATAL ERROR: /;
const REJECTION = /The promise rejected with the reason "(.*)"\.?\]?(?: \{)?$/;
const THROWN_VALUE = '(Use `node --trace-uncaught';
const CARET = /^\s*[\^~]+\s*$/;
const FRAME = /^\s+at (?:async )?(?:.*? \()?(.+?):(\d+)(?::\d+)?\)?(?: \{|,)?$/;
const SOURCE_PLACE = /^(file:\/\/\/.+|\/.+):(\d+)$/;
const PRELOAD = /[/\\]worker[/\\]preload\.cjs$/;
/** Lines that follow a message and explain nothing: indented ones, brackets, the version. */
const NOISE = /^(?:\s|[\])}]|Node\.js v\d|Require stack:|- \/|Emitted 'error' event|$)/;

export interface CrashContext {
  readonly cwd: string;
  /** Null if unknown. */
  readonly heapLimitBytes: number | null;
}

/** Whether V8 or Node says with this line that the process ends. */
export const isFatal = (line: string): boolean => FATAL.test(line);

/**
 * Why a worker that nobody ended has crashed, on one line, from the last lines that it wrote to stderr:
 * `TypeError: x is not a function at server.js:12`. Null if it ended normally, or wrote nothing that says why.
 */
export function crashCause(exit: Pick<ExitReport, 'code' | 'signal'>, stderr: readonly string[], { cwd, heapLimitBytes }: CrashContext): string | null {
  if (!isCrash(exit)) return null;
  const lines = stderr.map((line) => line.replace(ESCAPES, '').replace(CONTROL, ' ').trimEnd());
  if (lines.some((line) => OUT_OF_MEMORY.test(line)))
    return `JavaScript heap out of memory${heapLimitBytes === null ? '' : ` (limit ${megabytes(heapLimitBytes)})`}`;
  for (let index = lines.length - 1; index >= 0; index--) {
    const cause = causeAt(lines, index, cwd);
    if (cause !== null) return cause;
  }
  const heading = lines.findLastIndex((line, index) => !NOISE.test(line) && FRAME.test(lines[index + 1] ?? ''));
  if (heading !== -1) return errorAt(lines, heading, cwd);
  const last = lines.findLast((line) => !NOISE.test(line));
  return exit.code === null || last === undefined ? null : `exit code ${exit.code}, last line of stderr: ${short(last)}`;
}

/**
 * The cause of a crash after a listen that failed. If the app reported that failure, or nothing but its exit code, who holds
 * the address belongs to it; after any other error it does not.
 */
export function withHolder(cause: string | null, holder: string | null, exit: Pick<ExitReport, 'code' | 'signal'>): string | null {
  if (holder === null || !isCrash(exit)) return cause;
  if (cause === null) return exit.code === null ? null : `exit code ${exit.code}; ${holder}`;
  return cause.includes('EADDRINUSE') || cause.startsWith('exit code') ? `${cause}; ${holder}` : cause;
}

const isCrash = ({ code, signal }: Pick<ExitReport, 'code' | 'signal'>): boolean => (signal === null ? code !== null && code !== 0 : FAULTS.has(signal));

function causeAt(lines: readonly string[], index: number, cwd: string): string | null {
  const line = lines[index] ?? '';
  const reason = REJECTION.exec(line)?.[1];
  if (reason !== undefined) return `unhandled rejection: ${short(reason)}`;
  if (line.startsWith(THROWN_VALUE)) return `uncaught: ${short(lines[index - 1] ?? '')}${at(sourcePlace(lines, index, cwd))}`;
  if (!ERROR.test(line) || NOISE.test(line) || CARET.test(lines[index + 1] ?? '')) return null;
  return errorAt(lines, index, cwd);
}

function errorAt(lines: readonly string[], index: number, cwd: string): string {
  const line = lines[index] ?? '';
  const where = line.startsWith('SyntaxError') ? (sourcePlace(lines, index, cwd) ?? framePlace(lines, index, cwd)) : framePlace(lines, index, cwd);
  return short(unwrapped(line)) + at(where);
}

/** The message of an error that was printed as an object: `[Error: no luck] {`. */
const unwrapped = (line: string): string => line.replace(/ \{$/, '').replace(/^\[(.*)\]$/, '$1');

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const at = (where: string | null): string => (where === null ? '' : ` at ${where}`);

/** The innermost call in the app's own files, else in its dependencies. */
function framePlace(lines: readonly string[], from: number, cwd: string): string | null {
  const frames = lines.slice(from + 1).flatMap((line) => {
    const [, url, number] = FRAME.exec(line) ?? [];
    return url !== undefined && /^(?:\/|file:)/.test(url) && !PRELOAD.test(url) ? [{ url, line: Number(number) }] : [];
  });
  const frame = frames.find(({ url }) => !url.includes('/node_modules/')) ?? frames[0];
  return frame === undefined ? null : place(frame, cwd);
}

/** What Node prints above the source line. */
function sourcePlace(lines: readonly string[], before: number, cwd: string): string | null {
  for (let index = before - 1; index >= Math.max(0, before - LINES_TO_PLACE); index--) {
    const [, url, number] = SOURCE_PLACE.exec(lines[index] ?? '') ?? [];
    if (url !== undefined) return place({ url, line: Number(number) }, cwd);
  }
  return null;
}
