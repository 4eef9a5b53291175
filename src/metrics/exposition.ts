import type { AppMetricType } from '../protocol/app-metrics.ts';

/** Prometheus' text exposition format, version 0.0.4. */

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricType = AppMetricType;

type Labels = Readonly<Record<string, string | number>>;

/** One line of a metric; `suffix` follows the name (`_bucket`). */
export interface Sample {
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Omits families without samples. A labels object that several families share is formatted once. */
export function exposition(families: readonly Family[]): string {
  const written = new Map<Labels, string>();
  const textOf = (labels: Labels): string => {
    let text = written.get(labels);
    if (text === undefined) written.set(labels, (text = labelText(labels)));
    return text;
  };
  let text = '';
  for (const { name, type, help, samples } of families) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const { suffix, labels, value } of samples) text += `${name}${suffix ?? ''}${textOf(labels)} ${valueText(value)}\n`;
  }
  return text;
}

function labelText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '{' : ','}${name}="${escapeLabel(labels[name] ?? '')}"`;
  return text === '' ? '' : `${text}}`;
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function escapeLabel(value: string | number): string {
  if (typeof value === 'number') return String(value);
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}
