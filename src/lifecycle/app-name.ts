/** The word that commands take for every app. */
const ALL = 'all';
const MAX_CHARACTERS = 64;
/** With the ending of a profile, or that of a rotated log, the name of a file stays below 255 bytes. */
const MAX_BYTES = 128;

// What is not seen (\p{DI}) would make two names that look the same.
const LETTER = String.raw`(?![\p{DI}\p{ExtPict}])[\p{L}\p{Nd}]`;
const MARK = String.raw`(?!\p{DI})\p{M}`;
const PICTURE = String.raw`\p{ExtPict}(?:\uFE0F|\p{EMod})?`;
/**
 * Flags of regions and of countries, keycaps, and pictures, joined or not: the grammar of UTS #51. Not `\p{RGI_Emoji}`: it
 * lacks `❤` without a variation selector, and what it has depends on the Node.js of each program that a name passes through.
 */
const EMOJI = String.raw`(?:\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{3,6}\u{E007F}|\p{RI}{2}|\d\uFE0F\u20E3|${PICTURE}(?:\u200D${PICTURE})*)`;
const NAME = new RegExp(`^(?:${EMOJI}|${LETTER})(?: ?(?:${EMOJI}|${LETTER}|[._-])|${MARK})*$`, 'u');

/** A name in the one form that stands for all its spellings: `é` may be one character or two (Unicode's NFC). */
export const normalName = (text: string): string => text.normalize('NFC');

/** The normal name in a path, where it is encoded; what is not encoded properly is the name of no app. */
export function nameInPath(encoded: string): string {
  try {
    return normalName(decodeURIComponent(encoded));
  } catch {
    return encoded;
  }
}

/** What is expected in place of a (normal) name that no app can have; undefined when one can. */
export function expectedName(name: string): string | undefined {
  if (name === ALL) return 'a name other than "all", which stands for every app';
  const fits = [...name].length <= MAX_CHARACTERS && new TextEncoder().encode(name).length <= MAX_BYTES;
  if (fits && NAME.test(name)) return undefined;
  return `a name of letters, digits, emoji, ".", "_", "-" and single blanks inside (first a letter, digit or emoji; at most ${MAX_CHARACTERS} characters and ${MAX_BYTES} bytes)`;
}
