/** Blanks, an escaped character, the inside of quotes, any other character: among them a quote that nothing closes. */
const PIECES = /(\s+)|\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"|[^]/g;

/**
 * Splits a line into words as a shell does: blanks separate, single and double quotes keep blanks,
 * a backslash takes the next character literally (not inside single quotes, and between double quotes
 * only before `"` and `\`, so that Windows paths survive there). Returns undefined when a quote is left open.
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
