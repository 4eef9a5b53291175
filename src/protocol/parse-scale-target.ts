import { SCALE_METRICS, type ScaleSpec } from '../lifecycle/app-spec.ts';
import { number, object, oneOf } from './parser.ts';

export const scaleTarget = object<ScaleSpec['target']>({ metric: oneOf(SCALE_METRICS), value: number(Number.MIN_VALUE) });
