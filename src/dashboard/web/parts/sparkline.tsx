import type { JSX } from 'preact';

const WIDTH = 88;
const HEIGHT = 22;
/** Seconds. */
export const SPARKLINE_POINTS = 120;

interface SparklineProps {
  readonly values: readonly (number | null)[];
}

/** The last two minutes, scaled from zero to their maximum. Screen readers read the number beside it. */
export function Sparkline({ values }: SparklineProps): JSX.Element {
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  let pen = 'M';
  const path = values.map((value, index) => {
    if (value === null) {
      pen = 'M';
      return '';
    }
    const point = `${pen}${((index / (SPARKLINE_POINTS - 1)) * WIDTH).toFixed(1)} ${(HEIGHT - 1.5 - (value / top) * (HEIGHT - 3)).toFixed(1)}`;
    pen = 'L';
    return point;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={path.join('')} />
    </svg>
  );
}
