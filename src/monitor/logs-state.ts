import type { LogMessage, LogStream } from '../protocol/control.ts';
import { printable } from '../terminal/text.ts';

const KEPT_LINES = 5_000;
const MAX_LINE_CHARS = 4_000;

/** A line on the pane; without a writer it is a remark of ours. */
export interface PaneLine {
  readonly slot: number | null;
  readonly stream: LogStream;
  readonly at: number;
  readonly text: string;
}

/** In the order in which a key goes through them. */
export const STREAM_FILTERS = ['all', 'err', 'out'] as const satisfies readonly ('all' | LogStream)[];
type StreamFilter = (typeof STREAM_FILTERS)[number];

/** The log pane: what came, and which part of it is looked at. */
export interface LogsState {
  readonly lines: readonly PaneLine[];
  /** Null is all workers of the app. */
  readonly slot: number | null;
  readonly streams: StreamFilter;
  /** Lines between the last one on the screen and the newest. */
  readonly back: number;
  /** The newest line is on the screen, or will be as soon as it is held no more. */
  readonly follows: boolean;
  /** Columns that are left out at the beginning of each line. */
  readonly shift: number;
  readonly search: string;
  /** Only lines with it are seen; empty for all. */
  readonly filter: string;
}

export function emptyLogs(slot: number | null = null): LogsState {
  return { lines: [], slot, streams: 'all', back: 0, follows: true, shift: 0, search: '', filter: '' };
}

/** The lines that are to be seen, newest last. */
export function visibleLines({ lines, slot, streams, filter }: LogsState): readonly PaneLine[] {
  if (slot === null && streams === 'all' && filter === '') return lines;
  const isSeen = (line: PaneLine): boolean =>
    (slot === null || line.slot === slot) && (streams === 'all' || line.stream === streams) && (filter === '' || matchAt(line.text, filter) >= 0);
  return lines.filter((line) => line.slot === null || isSeen(line));
}

/** With what came; who has scrolled back, or holds the screen, keeps what is before the eyes. */
export function addLogs(state: LogsState, messages: readonly LogMessage[], hold: boolean): LogsState {
  const added = messages.map(paneLine);
  const fresh = visibleLines({ ...state, lines: added }).length;
  const lines = [...state.lines, ...added].slice(-KEPT_LINES);
  return { ...state, lines, back: state.follows && !hold ? 0 : state.back + fresh };
}

/** Looked at so many lines before the newest, which follows with 0. */
export const lookedAt = (state: LogsState, back: number): LogsState => ({ ...state, back, follows: back === 0 });

/** Held no more. */
export const released = (state: LogsState): LogsState => (state.follows ? lookedAt(state, 0) : state);

/** @param by lines towards the past; negative towards the newest. */
export function scroll(state: LogsState, by: number, height: number): LogsState {
  const most = Math.max(0, visibleLines(state).length - height);
  return lookedAt(state, Math.min(most, Math.max(0, state.back + by)));
}

/** Puts the next match towards the past (or the newest) on the last line of the screen; null when there is none. */
export function findMatch(state: LogsState, towards: 'past' | 'newest', includingThis = false): LogsState | null {
  const lines = visibleLines(state);
  const step = towards === 'past' ? -1 : 1;
  for (let at = lines.length - 1 - state.back + (includingThis ? 0 : step); at >= 0 && at < lines.length; at += step) {
    if (matches(lines[at], state.search)) return lookedAt(state, lines.length - 1 - at);
  }
  return null;
}

/** Letters that are all small match large ones too. */
export function matchAt(text: string, search: string): number {
  if (search === '') return -1;
  return search === search.toLowerCase() ? text.toLowerCase().indexOf(search) : text.indexOf(search);
}

function matches(line: PaneLine | undefined, search: string): boolean {
  return line !== undefined && matchAt(line.text, search) >= 0;
}

function paneLine(message: LogMessage): PaneLine {
  if (message.type === 'dropped') return { slot: null, stream: 'out', at: 0, text: `${message.lines} lines skipped: output was read too slowly` };
  const { slot, stream, at, text } = message.line;
  return { slot, stream, at, text: printable(text.slice(0, MAX_LINE_CHARS)) };
}
