import { distinctPlaces, logsOf, type LogTargets } from './log-places.ts';
import { mergedLines, startOfLast } from './merge-lines.ts';
import { StoredLog } from './stored-log.ts';
import type { StoredLine } from './stored-line.ts';

/** The last lines in the log files of an app. @param lineTimes directory of the marks */
export async function lastLines(app: LogTargets, lineTimes: string, count: number): Promise<StoredLine[]> {
  const logs = distinctPlaces(logsOf(app, lineTimes).places).map((place) => new StoredLog(place, false, () => {}));
  try {
    const starts = await startOfLast(logs, { lines: count, wanted: () => true, since: -Infinity });
    const lines: StoredLine[] = [];
    for await (const batch of mergedLines(starts)) lines.push(...batch);
    return lines;
  } finally {
    for (const log of logs) log.close();
  }
}
