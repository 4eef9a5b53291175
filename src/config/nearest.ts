/** Edit distance between two words: insertions, deletions, replacements, and swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** `, did you mean "x"?` for a similar name, or for the only one that begins with the word; otherwise empty. */
export function suggestion(word: string, known: Iterable<string>): string {
  if (word.length > 64) return '';
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  best ??= beginningWith(word, known);
  return best === undefined ? '' : `, did you mean "${best}"?`;
}

/** `rps_per_worker` for `rps`: the only name that begins with these words. */
function beginningWith(word: string, known: Iterable<string>): string | undefined {
  const [name, ...others] = [...known].filter(
    (candidate) => /^[_-]/.test(candidate.slice(word.length)) && candidate.toLowerCase().startsWith(word.toLowerCase()),
  );
  return others.length === 0 && word !== '' ? name : undefined;
}

/** `instance (did you mean "instances"?)`, or the word alone. */
export function withNearest(word: string, known: Iterable<string>): string {
  const nearest = suggestion(word, known).replace(', ', '');
  return nearest === '' ? word : `${word} (${nearest})`;
}
