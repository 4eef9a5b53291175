const LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS = 8;

/** The maximum of a scale for these values; at least `least`. */
export function scaleOf(values: readonly (number | null)[], least: number): number {
  let top = least;
  for (const value of values) if (value !== null && value > top) top = value;
  return top;
}

/** A one-line chart; every value above zero is visible. */
export function sparkline(values: readonly (number | null)[], top: number): string {
  return values.map((value) => (value === null ? ' ' : (LEVELS[Math.max(1, eighths(value, top, 1))] ?? ' '))).join('');
}

/** Lines of a bar chart, top line first. */
export function barChart(values: readonly (number | null)[], top: number, height: number): string[] {
  const bars = values.map((value) => (value === null ? 0 : Math.max(1, eighths(value, top, height))));
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * EIGHTHS;
    return bars.map((bar) => LEVELS[Math.min(EIGHTHS, Math.max(0, bar - below))] ?? ' ').join('');
  });
}

/** `████▌░░░` for a share of 1. */
export function gauge(value: number, columns: number): string {
  const filled = Math.min(columns, Math.max(0, Math.round(value * columns)));
  return '█'.repeat(filled) + '░'.repeat(columns - filled);
}

function eighths(value: number, top: number, height: number): number {
  const share = top > 0 ? Math.min(1, Math.max(0, value / top)) : 0;
  return Math.ceil(share * height * EIGHTHS);
}
