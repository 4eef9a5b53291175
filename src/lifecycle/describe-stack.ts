/** One call of a JavaScript stack. */
export interface StackFrame {
  /** Empty for an anonymous function. */
  readonly functionName: string;
  /** As V8 names the script: a `file:` URL, `node:…`, what a bundler chose; empty for code from `eval`. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface StackDescription {
  /** "in `hash` (lib/report.js:41)": the innermost call that is not Node's own; null for an empty stack. */
  readonly where: string | null;
  /** Every call, innermost first: "hash (lib/report.js:41:18)". */
  readonly lines: readonly string[];
}

/** Words a stack for people; scripts below `cwd` are named relative to it. */
export function describeStack(frames: readonly StackFrame[], cwd: string): StackDescription {
  const own = frames.find((frame) => !frame.url.startsWith('node:')) ?? frames[0];
  return {
    where: own === undefined ? null : `in ${quotedName(own)}${inParentheses(place(own, cwd))}`,
    lines: frames.map((frame) => `${frame.functionName || ANONYMOUS}${inParentheses(place(frame, cwd), frame.column)}`),
  };
}

const ANONYMOUS = '(anonymous)';

function quotedName({ functionName }: StackFrame): string {
  return functionName === '' ? ANONYMOUS : `\`${functionName}\``;
}

function inParentheses(place: string, column?: number): string {
  if (place === '') return '';
  return column === undefined ? ` (${place})` : ` (${place}:${column})`;
}

function place({ url, line }: StackFrame, cwd: string): string {
  if (url === '') return '';
  const path = pathOf(url);
  const base = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return `${path.startsWith(base) ? path.slice(base.length) : path}:${line}`;
}

/** The path of a `file:` URL, without the query that makes Node load a module twice; anything else as it is. */
function pathOf(url: string): string {
  if (!url.startsWith('file://')) return url;
  const path = url.slice('file://'.length).replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
