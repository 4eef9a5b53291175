/** Commands take this word for every app. */
const ALL = 'all';
const MAX_CHARACTERS = 64;
/** Keeps the names of log files and profiles, with their suffixes, below 255 bytes. */
const MAX_BYTES = 128;

// Invisible characters (\p{DI}) would allow two names that look the same.
const LETTER = String.raw`(?![\p{DI}\p{ExtPict}])[\p{L}\p{Nd}]`;
const MARK = String.raw`(?!\p{DI})\p{M}`;
const PICTURE = String.raw`\p{ExtPict}(?:\uFE0F|\p{EMod})?`;
/**
 * Flags, keycaps, and emoji with or without joiners: the grammar of UTS #51. Not `\p{RGI_Emoji}`, which lacks `❤` without a
 * variation selector and differs between Node.js versions.
 */
const EMOJI = String.raw`(?:\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}|\p{RI}{2}|\d\uFE0F\u20E3|${PICTURE}(?:\u200D${PICTURE})*)`;
/** What is safe in the name of a file. */
const FILE_NAME = String.raw`^(?:${EMOJI}|${LETTER})(?: ?(?:${EMOJI}|${LETTER}|[._-])|${MARK})*$`;
/** As people name their apps: `@org/api`, `api:3000`, `My API (prod)`. */
const NAME = String.raw`^(?:${EMOJI}|${LETTER}|[@_([])(?: ?(?:${EMOJI}|${LETTER}|[._\-@/:()[\]+#&=~!])|${MARK})*$`;
/** What most names match, without the tables of Unicode, which take longer to build than a command to answer. */
const ASCII_NAME = /^[A-Za-z\d](?: ?[\w.-])*$/;

/** The NFC form of a name: `é` may be one code point or two. */
export const normalName = (text: string): string => text.normalize('NFC');

/** The normalized name in a URL path. Invalid encoding is returned as it is: no app has such a name. */
export function nameInPath(encoded: string): string {
  try {
    return normalName(decodeURIComponent(encoded));
  } catch {
    return encoded;
  }
}

/** What to expect instead of an invalid (normalized) name; undefined if the name is valid. */
export function expectedName(name: string): string | undefined {
  if (name === ALL) return 'a name other than "all", which stands for every app';
  const fits = [...name].length <= MAX_CHARACTERS && new TextEncoder().encode(name).length <= MAX_BYTES;
  if (fits && (ASCII_NAME.test(name) || new RegExp(NAME, 'u').test(name))) return undefined;
  return `a name of letters, digits, emoji, single blanks inside and any of . _ - @ / : ( ) [ ] + # & = ~ ! (first a letter, digit, emoji, @, _, ( or [; at most ${MAX_CHARACTERS} characters and ${MAX_BYTES} bytes)`;
}

const MAX_FILE_CHARACTERS = 60;

/** A name for files of the app: its own, unless that is not safe there; else what is safe of it, and a hash. */
export function fileNameOf(name: string): string {
  if (ASCII_NAME.test(name) || new RegExp(FILE_NAME, 'u').test(name)) return name;
  const safe = name
    .replace(/[^A-Za-z\d.-]+/g, '_')
    .replace(/^[._-]+|[._-]+$/g, '')
    .slice(0, MAX_FILE_CHARACTERS);
  return `${safe === '' ? 'app' : safe}-${hash(name)}`;
}

/** FNV-1a: 8 hex digits, the same in every version. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, '0');
}
