/** @param {readonly number[]} values */
export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median of the ratios within each round: what makes a whole round slow makes no difference.
 * @param {readonly number[]} values
 * @param {readonly number[]} references
 */
export function medianRatio(values, references) {
  return median(values.map((value, round) => value / references[round]));
}

/**
 * Median of the differences within each round.
 * @param {readonly number[]} values
 * @param {readonly number[]} references
 */
export function medianDifference(values, references) {
  return median(values.map((value, round) => value - references[round]));
}

/** @param {readonly number[]} values */
export const sum = (values) => values.reduce((total, value) => total + value, 0);
