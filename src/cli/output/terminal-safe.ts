/** Colours, the only control sequences that an app may send to the terminal. */
const COLOR = /\u001b\[[\d;:]*m/g;
/** Everything else that does more than show a character: controls but the tab, and what turns the writing direction. */
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const EACH_UNSAFE = new RegExp(UNSAFE.source, 'g');
const RESET = '\u001b[0m';

/**
 * What an app wrote, for a terminal: colours stay, and end with the line; all other control characters are shown, as `^[` or
 * `\u202e`, instead of carried out. The output of an app may contain what its clients sent.
 */
export function terminalSafe(text: string): string {
  if (!UNSAFE.test(text)) return text;
  let safe = '';
  let end = 0;
  for (const match of text.matchAll(COLOR)) {
    safe += shown(text.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return `${safe}${shown(text.slice(end))}${end > 0 ? RESET : ''}`;
}

const shown = (text: string): string => text.replace(EACH_UNSAFE, caret);

function caret(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16)}`;
}
