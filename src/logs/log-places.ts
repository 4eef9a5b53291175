import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { LogStream } from '../protocol/control.ts';
import type { OfUser } from '../system/user-folder.ts';
import { OF_THE_SYSTEM } from './file-place.ts';
import { marksPath } from './line-mark.ts';
import { targetOf } from './log-parts.ts';
import { programFor } from './log-program.ts';
import type { LogPlace } from './stored-line.ts';

/** What the definition of an app says about its logs. */
export interface LogTargets {
  readonly name: string;
  readonly outFile: string | null;
  readonly errorFile: string | null;
  readonly mergeLogs: boolean;
  /** As whom it runs; null for the user of the daemon. */
  readonly user?: OfUser['user'];
}

export interface AppLogs {
  readonly places: readonly LogPlace[];
  /** Streams that no file is written of; their last lines are in the memory of the primary. */
  readonly inMemory: readonly LogStream[];
}

/** Where the lines of an app are. @param lineTimes directory of the marks */
export function logsOf({ name, outFile, errorFile, mergeLogs, user = null }: LogTargets, lineTimes: string): AppLogs {
  const streams = [
    { stream: 'out', path: outFile },
    { stream: 'err', path: errorFile },
  ] as const;
  const owner = user === null ? {} : { owner: user.uid };
  const isShared = outFile !== null && outFile === errorFile;
  const places = streams.flatMap(({ stream, path }) => {
    if (path === null || hasNoFile(name, stream, path) || (isShared && stream === 'err')) return [];
    const files = mergeLogs ? [{ path, slot: null }] : slotFiles(path);
    return files.map((file) => ({ app: name, stream: isShared ? null : stream, marks: marksPath(lineTimes, file.path), ...owner, ...file }));
  });
  return { places, inMemory: streams.flatMap(({ stream, path }) => (path === null || hasNoFile(name, stream, path) ? [stream] : [])) };
}

/** A file that several apps write to is read once. */
export function distinctPlaces(places: readonly LogPlace[]): LogPlace[] {
  const byPath = new Map<string, LogPlace>();
  for (const place of places) {
    const file = targetOf(place.path);
    const other = byPath.get(file);
    const isSame = other === undefined || other.app.split('+').includes(place.app);
    byPath.set(file, other === undefined || isSame ? (other ?? place) : { ...place, app: `${other.app}+${place.app}`, slot: null, stream: null, marks: null });
  }
  return [...byPath.values()];
}

/** It goes to a program, a device or a pipe. */
function hasNoFile(app: string, stream: LogStream, path: string): boolean {
  if (programFor(path, app, stream) !== null || OF_THE_SYSTEM.test(path) || OF_THE_SYSTEM.test(linkAt(path))) return true;
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The files of all slots that there are or were: `api-out.log` stands for `api-out-0.log` and so on. */
function slotFiles(path: string): { path: string; slot: number }[] {
  const extension = extname(path);
  const start = `${basename(path, extension)}-`;
  const directory = dirname(path);
  let files: string[] = [];
  try {
    files = readdirSync(directory);
  } catch {
    // Nothing was written yet.
  }
  const slots = files.flatMap((file) => {
    if (!file.startsWith(start) || !file.endsWith(extension)) return [];
    const digits = file.slice(start.length, file.length - extension.length);
    return /^\d{1,5}$/.test(digits) ? [Number(digits)] : [];
  });
  return slots.sort((a, b) => a - b).map((slot) => ({ path: join(directory, `${start}${slot}${extension}`), slot }));
}
