import { MAX_INSTANCES, type ScaleSpec } from '../../lifecycle/app-spec.ts';
import { fieldsOrOff } from '../fields-kind.ts';
import * as kinds from '../kinds.ts';
import { scaleTarget } from '../target-kind.ts';
import { formatDuration } from '../units.ts';
import { withDefault } from './option.ts';

/** The length of the load history. */
const LONGEST_COOLDOWN_MS = 600_000;

const SCALE_FIELDS = {
  min: { kind: kinds.integer(1, MAX_INSTANCES), default: 1, doc: 'fewest workers' },
  max: { kind: kinds.instances, default: 'max' as number | 'max', defaultText: 'max', doc: 'most workers, as in `instances`' },
  target: { kind: scaleTarget, default: { metric: 'elu', value: 0.6 } as ScaleSpec['target'], defaultText: '{ elu: 0.6 }', doc: 'what to keep each worker at' },
  up_cooldown: { kind: kinds.durationMs, default: 5_000, doc: 'time between a change and the next scale-up' },
  down_cooldown: {
    kind: kinds.durationMs,
    default: 60_000,
    doc: 'time between a change and the next scale-down, and how long the load must have been low; at most 10m',
  },
};

/** Autoscaling. */
export const SCALING_OPTIONS = {
  scale: withDefault({
    group: 'Scaling',
    kind: fieldsOrOff({ fields: SCALE_FIELDS }),
    flags: ['--no-scale'],
    default: null,
    doc: 'adjust the number of workers to the load',
    notes:
      'For example `{ min: 2, max: 8, target: { elu: 0.6 } }`. `instances` is the number of workers at the start. `target` has exactly one measure. With `elu` and `cpu` there are never more workers than available CPUs, unless `min` is higher. `lb scale <app> <n>` turns autoscaling off, `lb scale <app> auto` turns it on. See docs/autoscaling.md.',
    check: (scale) => {
      if (scale === null) return undefined;
      if (typeof scale.max === 'number' && scale.max > 0 && scale.max < scale.min)
        return { expected: `${scale.min} (min) or more`, got: String(scale.max), at: '.max' };
      const tooLong = (['up_cooldown', 'down_cooldown'] as const).find((field) => scale[field] > LONGEST_COOLDOWN_MS);
      return tooLong === undefined ? undefined : { expected: 'a duration of at most 10m', got: formatDuration(scale[tooLong]), at: `.${tooLong}` };
    },
  }),
};
