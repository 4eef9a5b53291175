/** One frame of a JavaScript stack. */
export interface StackFrame {
  /** Empty for an anonymous function. */
  readonly functionName: string;
  /** V8's name of the script: a `file:` URL, `node:…`, or a bundler's choice; empty for code from `eval`. */
  readonly url: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface StackDescription {
  /** "in `hash` (lib/report.js:41)": the innermost frame outside Node.js itself; null for an empty stack. */
  readonly where: string | null;
  /** Every frame, innermost first: "hash (lib/report.js:41:18)". */
  readonly lines: readonly string[];
}

/** Describes a stack for people; scripts below `cwd` have relative paths. */
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

/** `lib/report.js:41`: a file below `cwd` relative to it. */
export function place({ url, line }: Pick<StackFrame, 'url' | 'line'>, cwd: string): string {
  if (url === '') return '';
  const path = pathOf(url);
  const base = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return `${path.startsWith(base) ? path.slice(base.length) : path}:${line}`;
}

/** The path of a `file:` URL, without a cache-busting query; any other URL unchanged. */
function pathOf(url: string): string {
  if (!url.startsWith('file://')) return url;
  const path = url.slice('file://'.length).replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
