import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { clock } from '../format.ts';
import type { Series } from '../history.ts';
import { useTheme } from '../hooks.ts';

const HEIGHT = 132;
/** Next to nothing shall look like next to nothing. */
const LEAST_TOP = 4;
const LEAST_TOP_BYTES = 64 * 1024 ** 2;
const FONT = '11px system-ui, sans-serif';

interface ChartProps {
  readonly title: string;
  readonly series: Series;
  readonly format: (value: number | null) => string;
  /** Sizes are round in powers of two. */
  readonly binary?: true;
}

const POWERS_OF_TWO = Array.from({ length: 48 }, (_, exponent) => 2 ** exponent);

/** One value over the last ten minutes. The heading has the newest, or the one under the pointer. */
export function Chart({ title, series, format, binary }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const theme = useTheme();
  const { times, values } = series;
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new UPlot(optionsOf(parent, { format, binary }, setHover), [[], []], parent);
    const resizing = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resizing.observe(parent);
    plot.current = made;
    return () => {
      resizing.disconnect();
      made.destroy();
    };
  }, [theme]);
  useEffect(() => plot.current?.setData([[...times], [...values]]));
  const shown = hover ?? values.length - 1;
  return (
    <figure class="chart panel">
      <figcaption>
        <span>{title}</span>
        <span class="value">
          {hover === null ? '' : <time>{clock((times[shown] ?? 0) * 1000)}</time>}
          <b>{format(values[shown] ?? null)}</b>
        </span>
      </figcaption>
      <div ref={place} class="plot" />
    </figure>
  );
}

/** Colours are those of the style sheet, which follow light and dark. */
function optionsOf(parent: Element, { format, binary }: Pick<ChartProps, 'format'> & { readonly binary: true | undefined }, onHover: (index: number | null) => void): UPlot.Options {
  const style = getComputedStyle(parent);
  const color = (name: string): string => style.getPropertyValue(name);
  const axis = { stroke: color('--muted'), font: FONT, ticks: { show: false } };
  return {
    width: parent.clientWidth,
    height: HEIGHT,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, sync: { key: 'lb' }, drag: { x: false, y: false }, points: { size: 7, width: 0, fill: color('--accent') } },
    scales: { y: { range: (_, __, max) => [0, Math.max(binary === true ? LEAST_TOP_BYTES : LEAST_TOP, (max ?? 0) * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 64, values: (_, splits) => splits.map((second) => clock(second * 1000).slice(0, 5)) },
      { ...axis, grid: { stroke: color('--line'), width: 1 }, size: 54, gap: 6, space: 22, ...(binary === true ? { incrs: POWERS_OF_TWO } : {}), values: (_, splits) => splits.map(format) },
    ],
    series: [{}, { stroke: color('--accent'), fill: color('--accent-soft'), width: 1.5, points: { show: false } }],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? null)] },
  };
}
