import { LbError } from '../../errors/lb-error.ts';
import { jsonLogLine } from '../../logs/json-log-line.ts';
import type { StoredLine } from '../../logs/stored-line.ts';
import type { LogStream } from '../../protocol/control.ts';
import type { Options } from '../context.ts';
import { numberOption } from '../values.ts';

export const DEFAULT_LINES = 15;

/** Which lines are shown. */
export interface LogQuery {
  /** How many past lines of each app; Infinity for all. */
  readonly lines: number;
  /** Epoch milliseconds; -Infinity for no limit. */
  readonly since: number;
  readonly until: number;
  readonly stream: LogStream | null;
  /** By app, if only some of its slots are shown. */
  readonly slots: ReadonlyMap<string, ReadonlySet<number>>;
  readonly pattern: RegExp | null;
  /** Lines of `log_type: 'json'` are shown as they are written, not by their message. */
  readonly asWritten: boolean;
}

/** @throws LbError LB_ERR_USAGE for options that exclude each other */
export function logQuery(options: Options): Omit<LogQuery, 'slots'> {
  const { out, err, grep, ignoreCase } = options;
  if (out === true && err === true) throw new LbError('LB_ERR_USAGE', { problem: '--out and --err cannot be combined; omit both to see all lines' });
  const since = numberOption(options, 'since') ?? -Infinity;
  const until = numberOption(options, 'until') ?? Infinity;
  if (since > until) throw new LbError('LB_ERR_USAGE', { problem: '--since is later than --until' });
  return {
    lines: numberOption(options, 'lines') ?? (since === -Infinity ? DEFAULT_LINES : Infinity),
    since,
    until,
    stream: out === true ? 'out' : err === true ? 'err' : null,
    pattern: grep instanceof RegExp ? (ignoreCase === true ? new RegExp(grep.source, 'i') : grep) : null,
    asWritten: options['raw'] === true || options['json'] === true,
  };
}

/** The lines that are shown, as they are shown. */
export const wantedLines = (query: LogQuery, lines: readonly StoredLine[]): StoredLine[] =>
  lines.map((line) => shownLine(query, line)).filter((line) => isWanted(query, line));

export const shownLine = ({ asWritten }: LogQuery, line: StoredLine): StoredLine => (asWritten ? line : jsonLogLine(line));

/** Whether a line is shown. Where stdout and stderr share a file, nothing may be known of the stream, or of the slot: such lines are. */
export function isWanted({ since, until, stream, slots, pattern }: LogQuery, line: StoredLine): boolean {
  if (line.slot !== null && slots.get(line.app)?.has(line.slot) === false) return false;
  if (stream !== null && line.stream !== null && line.stream !== stream) return false;
  if (line.order > until || (since !== -Infinity && line.order < since)) return false;
  return pattern === null || pattern.test(line.text);
}
