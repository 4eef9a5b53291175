import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { clock } from '../format.ts';
import type { Line } from '../history.ts';
import { useTheme } from '../hooks.ts';
import type { Measure } from '../measures.ts';

const FONT = '11px system-ui, sans-serif';
const POWERS_OF_TWO = Array.from({ length: 48 }, (_, exponent) => 2 ** exponent);
/** Round scale maxima, 0.01, 0.02, 0.05 and so on: two digits suffice. */
const ROUND = Array.from({ length: 36 }, (_, index) => ([1, 2, 5][index % 3] ?? 1) * 10 ** (Math.floor(index / 3) - 2));
/** Intervals between time marks, in seconds. */
const MINUTES_AND_HOURS = [1, 2, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * 60);
/** Degrees between the hues of consecutive slots; the golden angle keeps neighbours distinct. */
const GOLDEN_ANGLE = 137.5;
const FIRST_HUE = 185;

interface ChartProps {
  readonly measure: Measure;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  /** One value per time, for the app or for each slot. */
  readonly lines: readonly Line[];
  /** The slots of the lines; absent for a line of the app. */
  readonly slots?: readonly number[];
}

/** Values over time. The heading, or the legend for several lines, shows the latest value or the one under the pointer. */
export function Chart({ measure, times, lines, slots }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new UPlot(optionsOf(parent, measure, slots, setHover), [[]], parent);
    const resizing = new ResizeObserver(() => made.setSize(sizeOf(parent)));
    resizing.observe(parent);
    plot.current = made;
    return () => {
      resizing.disconnect();
      made.destroy();
    };
  }, [theme, measure, slots?.join()]);
  useEffect(() => plot.current?.setData([[...times], ...lines.map(({ values }) => [...values])]));
  const values = lines.map((line) => measure.format(hover === null ? line.now : (line.values[hover] ?? null)));
  const time = hover === null ? null : <time>{clock((times[hover] ?? 0) * 1000)}</time>;
  return (
    <figure class="chart">
      <figcaption>
        {slots === undefined ? <span>{measure.title}</span> : <Legend slots={slots} values={values} />}
        <span class="value">
          {time}
          {slots === undefined ? <b>{values}</b> : null}
        </span>
      </figcaption>
      <div ref={place} class="plot" />
    </figure>
  );
}

function Legend({ slots, values }: { readonly slots: readonly number[]; readonly values: readonly string[] }): JSX.Element {
  return (
    <ul class="legend">
      {slots.map((slot, index) => (
        <li key={slot}>
          <i style={{ '--hue': hueOf(slot) }} />
          {slot} <b>{values[index]}</b>
        </li>
      ))}
    </ul>
  );
}

const sizeOf = ({ clientWidth, clientHeight }: Element): { width: number; height: number } => ({ width: clientWidth, height: clientHeight });

const hueOf = (slot: number): number => Math.round(FIRST_HUE + slot * GOLDEN_ANGLE) % 360;

/** Colours come from the style sheet, which follows the colour scheme. */
function optionsOf(
  parent: Element,
  { format, leastTop, binary }: Measure,
  slots: readonly number[] | undefined,
  onHover: (index: number | null) => void,
): UPlot.Options {
  const style = getComputedStyle(parent);
  const color = (name: string): string => style.getPropertyValue(name);
  const axis = { stroke: color('--muted'), font: FONT, ticks: { show: false } };
  const line = (stroke: string): UPlot.Series => ({ stroke, width: 1.5, points: { show: false, size: 4, fill: stroke, filter: isolated } });
  return {
    ...sizeOf(parent),
    padding: [10, 14, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.3 },
    cursor: { y: false, sync: { key: 'lb' }, focus: { prox: 16 }, drag: { x: false, y: false }, points: { size: 7, width: 0 } },
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(leastTop, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        space: 52,
        incrs: MINUTES_AND_HOURS,
        splits: localSplits,
        values: (_, splits) => splits.map((second) => clock(second * 1000).slice(0, 5)),
      },
      {
        ...axis,
        grid: { stroke: color('--line'), width: 1 },
        size: 54,
        gap: 6,
        space: 22,
        incrs: binary === true ? POWERS_OF_TWO : ROUND,
        values: (_, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...(slots === undefined
        ? [{ ...line(color('--accent')), fill: color('--accent-soft') }]
        : slots.map((slot) => line(`oklch(${color('--slot')} ${hueOf(slot)})`))),
    ],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? null)] },
  };
}

/** Values without neighbours, drawn as points because no line reaches them. */
function isolated({ data }: UPlot, series: number): number[] {
  const values = data[series] ?? [];
  const has = (index: number): boolean => typeof values[index] === 'number';
  return [...values.keys()].filter((index) => has(index) && !has(index - 1) && !has(index + 1));
}

/** Marks at round times in the user's time zone. */
function localSplits(_: UPlot, __: number, min: number, max: number, step: number): number[] {
  const offset = new Date(max * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((min - offset) / step) * step + offset;
  return Array.from({ length: Math.floor((max - first) / step) + 1 }, (_value, index) => first + index * step);
}
