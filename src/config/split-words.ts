/** Spaces, an escaped character, the inside of quotes, or any other character, including an unclosed quote. */
const PIECES = /(\s+)|\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"|[^]/g;

/**
 * Splits a line into words like a shell: spaces separate, quotes keep spaces, and a backslash escapes the next character (not
 * within single quotes; within double quotes only `"` and `\`, so that Windows paths work). Undefined if a quote is not closed.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece, blanks, escaped, single, double] of line.matchAll(PIECES)) {
    if (piece === '"' || piece === "'") return undefined;
    if (blanks === undefined) {
      word = (word ?? '') + (escaped ?? single ?? double?.replace(/\\(["\\])/g, '$1') ?? piece);
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
