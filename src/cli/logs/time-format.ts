import { LbError } from '../../errors/lb-error.ts';
import { standsForAny, type Named } from '../choose.ts';
import { localTime } from '../output/format.ts';

export type TimeFormat = (at: number) => string;

/**
 * How `--timestamp` writes a time.
 * @param given the format of dayjs, or true
 * @throws LbError LB_ERR_USAGE for a word that stands for an app
 */
export async function timeFormat(given: unknown, apps: readonly Named[]): Promise<TimeFormat> {
  if (typeof given !== 'string') return defaultFormat;
  if (standsForAny(apps, given)) {
    const problem = `--timestamp takes a format of dayjs, such as HH:mm:ss, and "${given}" is an app; name it first, as in "lb logs ${given} --timestamp"`;
    throw new LbError('LB_ERR_USAGE', { problem });
  }
  const { default: dayjs } = await import('dayjs');
  return (at) => dayjs(at).format(given);
}

/** `2026-11-20 10:31:07.042`, in the local time zone. */
const defaultFormat: TimeFormat = (at) => `${localTime(at)}.${String(Math.floor(at) % 1000).padStart(3, '0')}`;
