/** @param {number} value */
export const thousands = (value) => Math.round(value).toLocaleString('en-US');
/** A cell of a subject that may be left out on this machine. @template T @param {T | undefined} value @param {(value: T) => string} format */
export const ifMeasured = (value, format) => (value === undefined ? 'left out' : format(value));
/** Median and quartiles. @param {{ low: number, median: number, high: number }} value @param {string} [reference] */
export const ratio = ({ low, median, high }, reference) =>
  `${median.toFixed(2)}${reference === undefined ? '' : ` × ${reference}`} (${low.toFixed(2)}–${high.toFixed(2)})`;
/**
 * The bars of a headline; those of subjects that are left out are missing.
 * @param {Readonly<Record<string, number | undefined>>} values by subject
 * @param {(value: number) => string} format
 */
export const bars = (values, format) => Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value, text: format(value) }]));
/** @param {number} value */
export const us = (value) => `${value.toFixed(1)} µs`;
/** @param {number} value */
export const ms = (value) => `${value.toFixed(Math.abs(value) < 100 ? 1 : 0)} ms`;
/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
/** A difference with its sign. @param {number} value @param {(value: number) => string} format */
export const signed = (value, format) => (value < 0 ? format(value) : `+${format(value)}`);
/** @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1048576).toFixed(2)} MB`;
/** @param {number} fraction of one core */
export const percent = (fraction) => `${(fraction * 100).toFixed(2)} %`;
/** @param {Record<string, number>} kinds */
export const kindsOf = (kinds) =>
  Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
