/** Colours, the only control sequences that an app may send to the terminal. */
const COLOR = /\u001b\[[\d;:]*m/g;
/** Everything else that does more than show a character: controls but the tab, and what turns the writing direction. */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EACH_UNSAFE = new RegExp(UNSAFE.source, 'g');
const RESET = '\u001b[0m';

/** An output stream of a command, such as `process.stdout`. */
export interface Output {
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** The terminal itself, for control sequences that are meant; absent without a terminal. */
  readonly raw?: Output;
}

/**
 * What a command writes to: a terminal gets it as `terminalSafe` makes it, because almost every text may contain something that an
 * app, or a client of an app, has chosen. What is no terminal gets every byte.
 */
export function terminalOutput(stream: Output): Output {
  if (stream.isTTY !== true) return stream;
  return {
    write: (text) => stream.write(terminalSafe(text)),
    once: (event, listener) => stream.once(event, listener),
    isTTY: true,
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    raw: stream,
  };
}

/**
 * Lines for a terminal: colours stay, and end with their line; all other control characters are shown, as `^[` or `\u202e`, instead
 * of carried out.
 */
export function terminalSafe(text: string): string {
  return UNSAFE.test(text) ? text.split('\n').map(safeLine).join('\n') : text;
}

function safeLine(line: string): string {
  if (!UNSAFE.test(line)) return line;
  let safe = '';
  let end = 0;
  for (const match of line.matchAll(COLOR)) {
    safe += shown(line.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return `${safe}${shown(line.slice(end))}${end > 0 ? RESET : ''}`;
}

const shown = (text: string): string => text.replace(EACH_UNSAFE, visible);

/** From DEL on as JSON has it, so that `--json` stays JSON. */
function visible(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x20 ? `^${String.fromCharCode(code ^ 0x40)}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
