/**
 * Linear between the two nearest values.
 * @param {readonly number[]} values
 * @param {number} fraction 0 to 1
 */
function quantile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * Ratios within each round, so that what makes a whole round slow makes no difference: their median and quartiles, to
 * the two decimals they are printed and judged with.
 * @param {readonly number[]} values
 * @param {readonly number[]} references
 */
export function ratios(values, references) {
  const all = values.map((value, round) => value / references[round]);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((fraction) => Math.round(quantile(all, fraction) * 100) / 100);
  return { low, median: middle, high };
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
