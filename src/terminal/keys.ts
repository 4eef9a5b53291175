import { StringDecoder } from 'node:string_decoder';

/** A printable character is its own name; other keys have longer names. */
export type Key = string;

const NAMES: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[Z': 'backtab',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[2~': 'insert',
  '[3~': 'delete',
  '[4~': 'end',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[7~': 'home',
  '[8~': 'end',
};
const CONTROLS: Readonly<Record<string, Key>> = { '\r': 'enter', '\n': 'enter', '\t': 'tab', '\x7f': 'backspace', '\b': 'backspace' };
/** A complete CSI or SS3 sequence. */
const SEQUENCE = /^\x1b(?:(\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])|(O[\x20-\x7e]))/;
/** The beginning of one; the rest may come with the next bytes. */
const UNFINISHED = /^\x1b(?:\[[\x30-\x3f]{0,64}[\x20-\x2f]{0,8}|O)?$/;
const WHEEL: Readonly<Record<string, Key>> = { 64: 'wheelup', 65: 'wheeldown' };

/** Parses terminal input into keys, wherever the bytes are split. */
export class KeyReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  read(bytes: Buffer): Key[] {
    return this.#keysOf(this.#rest + this.#decoder.write(bytes));
  }

  /** Whether an unfinished sequence is pending: the Escape key itself, if nothing follows soon. */
  get waiting(): boolean {
    return this.#rest !== '';
  }

  /** Call this when no further byte has followed. */
  flush(): Key[] {
    const isEscape = this.#rest !== '';
    this.#rest = '';
    return isEscape ? ['escape'] : [];
  }

  #keysOf(text: string): Key[] {
    const keys: Key[] = [];
    let at = 0;
    this.#rest = '';
    while (at < text.length) {
      const rest = text.slice(at, at + 128);
      if (rest.startsWith('\x1b')) {
        const sequence = SEQUENCE.exec(rest);
        if (sequence === null && UNFINISHED.test(rest)) {
          this.#rest = text.slice(at);
          break;
        }
        const name = sequence === null ? 'escape' : named(sequence[1] ?? sequence[2] ?? '');
        if (name !== null) keys.push(name);
        at += sequence?.[0].length ?? 1;
        continue;
      }
      const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
      const key = controlOrChar(char);
      if (key !== null) keys.push(key);
      at += char.length;
    }
    return keys;
  }
}

function named(sequence: string): Key | null {
  // SGR mouse: `[<64;10;5M`. Only the wheel is used; modifiers are ignored.
  const mouse = /^\[<(\d{1,3});\d+;\d+M$/.exec(sequence);
  if (mouse !== null) return WHEEL[Number(mouse[1]) & ~0b11100] ?? null;
  // `[1;5A` is an arrow with a modifier.
  return NAMES[sequence.replace(/^\[1;\d+([A-H])$/, '[$1')] ?? NAMES[sequence.replace(/;\d+~$/, '~')] ?? null;
}

function controlOrChar(char: string): Key | null {
  if (CONTROLS[char] !== undefined) return CONTROLS[char];
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return code >= 1 && code <= 26 ? `ctrl-${String.fromCharCode(code + 96)}` : null;
  return code >= 0x7f && code < 0xa0 ? null : char;
}
