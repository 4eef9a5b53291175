import type { LogMessage, LogStream } from '../protocol/control.ts';
import { printable } from '../terminal/text.ts';

const KEPT_LINES = 5_000;
const MAX_LINE_CHARS = 4_000;

/** A line of the log pane. The slot is null for a message of the monitor itself. */
export interface PaneLine {
  readonly slot: number | null;
  readonly stream: LogStream;
  readonly at: number;
  readonly text: string;
}

/** In the order in which a key cycles through them. */
export const STREAM_FILTERS = ['all', 'err', 'out'] as const satisfies readonly ('all' | LogStream)[];
type StreamFilter = (typeof STREAM_FILTERS)[number];

/** The log pane: its lines and which of them are shown. */
export interface LogsState {
  readonly lines: readonly PaneLine[];
  /** Null for all workers of the app. */
  readonly slot: number | null;
  readonly streams: StreamFilter;
  /** Lines below the last one on the screen. */
  readonly back: number;
  /** The newest line is on the screen, or will be when the screen is no longer paused. */
  readonly follows: boolean;
  /** Columns scrolled to the right. */
  readonly shift: number;
  readonly search: string;
  /** Shows only lines that contain it; empty for all. */
  readonly filter: string;
}

export function emptyLogs(slot: number | null = null): LogsState {
  return { lines: [], slot, streams: 'all', back: 0, follows: true, shift: 0, search: '', filter: '' };
}

/** The lines that pass the filters, newest last. */
export function visibleLines({ lines, slot, streams, filter }: LogsState): readonly PaneLine[] {
  if (slot === null && streams === 'all' && filter === '') return lines;
  const isSeen = (line: PaneLine): boolean =>
    (slot === null || line.slot === slot) && (streams === 'all' || line.stream === streams) && (filter === '' || matchAt(line.text, filter) >= 0);
  return lines.filter((line) => line.slot === null || isSeen(line));
}

/** Adds lines. The view stays in place if it is scrolled back or paused. */
export function addLogs(state: LogsState, messages: readonly LogMessage[], hold: boolean): LogsState {
  const added = messages.map(paneLine);
  const fresh = visibleLines({ ...state, lines: added }).length;
  const lines = [...state.lines, ...added].slice(-KEPT_LINES);
  return { ...state, lines, back: state.follows && !hold ? 0 : state.back + fresh };
}

/** Shows the lines up to this many before the newest; 0 follows. */
export const scrolledTo = (state: LogsState, back: number): LogsState => ({ ...state, back, follows: back === 0 });

/** Follows again after a pause, unless scrolled back. */
export const unpaused = (state: LogsState): LogsState => (state.follows ? scrolledTo(state, 0) : state);

/** @param by lines towards the past; negative towards the newest */
export function scroll(state: LogsState, by: number, height: number): LogsState {
  const most = Math.max(0, visibleLines(state).length - height);
  return scrolledTo(state, Math.min(most, Math.max(0, state.back + by)));
}

/** Scrolls so that the next match is the last line on the screen; null if there is none. */
export function findMatch(state: LogsState, towards: 'past' | 'newest', includingThis = false): LogsState | null {
  const lines = visibleLines(state);
  const step = towards === 'past' ? -1 : 1;
  for (let at = lines.length - 1 - state.back + (includingThis ? 0 : step); at >= 0 && at < lines.length; at += step) {
    if (matches(lines[at], state.search)) return scrolledTo(state, lines.length - 1 - at);
  }
  return null;
}

/** Smart-case: an all-lowercase search ignores case. */
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
