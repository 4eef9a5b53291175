import { SCALE_METRICS, type ScaleMetric, type ScaleSpec } from '../lifecycle/app-spec.ts';
import { describe } from './describe.ts';
import { isObject, type Kind } from './kind.ts';
import * as kinds from './kinds.ts';
import { suggestion } from './nearest.ts';

const VALUES: Readonly<Record<ScaleMetric, { readonly kind: Kind<number>; readonly doc: string }>> = {
  elu: { kind: kinds.share(0.05, 0.95), doc: 'event-loop utilisation of a worker, 0 to 1' },
  cpu: { kind: kinds.share(0.05, 0.95), doc: 'CPU of a worker in cores, 0 to 1' },
  p95_ms: { kind: kinds.share(1, 600_000), doc: '95th percentile of the response times in milliseconds' },
  rps_per_worker: { kind: kinds.share(1, 1_000_000), doc: 'requests per second of a worker' },
};

const EXPECTED = `an object with one of ${SCALE_METRICS.join(', ')}, such as { elu: 0.6 }`;

/** The target of autoscaling: an object with exactly one measure. */
export const scaleTarget: Kind<ScaleSpec['target']> = {
  label: `object with one of ${SCALE_METRICS.map((metric) => `\`${metric}\` (${VALUES[metric].doc})`).join(', ')}`,
  tsType: SCALE_METRICS.map((metric) => `{ readonly ${metric}: number }`).join(' | '),
  schema: {
    oneOf: SCALE_METRICS.map((metric) => ({
      type: 'object',
      additionalProperties: false,
      required: [metric],
      properties: { [metric]: { ...VALUES[metric].kind.schema, description: VALUES[metric].doc } },
    })),
  },
  parse(raw) {
    const wrong = (got: string): ReturnType<Kind<never>['parse']> => ({ mismatch: { expected: EXPECTED, got, at: '' } });
    if (!isObject(raw)) return wrong(describe(raw));
    const [name, ...more] = Object.keys(raw);
    if (name === undefined || more.length > 0) return wrong(name === undefined ? 'an empty object' : [name, ...more].join(', '));
    const metric = SCALE_METRICS.find((known) => known === name);
    if (metric === undefined)
      return { mismatch: { expected: `one of ${SCALE_METRICS.join(', ')}`, got: `${name}${suggestion(name, SCALE_METRICS)}`, at: `.${name}` } };
    const parsed = VALUES[metric].kind.parse(raw[metric]);
    return 'value' in parsed ? { value: { metric, value: parsed.value } } : { mismatch: { ...parsed.mismatch, at: `.${metric}` } };
  },
};
