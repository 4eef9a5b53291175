/**
 * Splits a line into words as a shell does: blanks separate, single and double quotes keep blanks,
 * a backslash takes the next character literally (not inside single quotes, and between double quotes
 * only before `"` and `\`, so that Windows paths survive there). Returns undefined when a quote is left open.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (char === '\\' && next !== '' && quote !== "'" && (quote === undefined || next === '"' || next === '\\')) {
      word = (word ?? '') + next;
      at++;
    } else if (char === quote) {
      quote = undefined;
    } else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
