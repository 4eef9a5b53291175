import { plural } from '../../lifecycle/wording.ts';
import type { Frame } from '../../terminal/frame.ts';
import { STYLE, type CellStyle } from '../../terminal/style.ts';
import { clock } from '../format.ts';
import { matchAt, visibleLines, type LogsState, type PaneLine } from '../logs-state.ts';
import type { Model } from '../model.ts';
import { logHeight } from '../navigation.ts';
import type { Cell } from '../table.ts';
import { drawTitle } from './header.ts';

const FIRST_ROW = 1;
const WRITER_COLORS: readonly CellStyle[] = [STYLE.cyan, STYLE.green, STYLE.magenta, STYLE.yellow];
const STREAM_TITLES = { all: '', out: ', stdout only', err: ', stderr only' } as const;

/** The log pane. */
export function drawLogs(frame: Frame, model: Model): void {
  const { logs } = model;
  drawTitle(frame, model, titleOf(model));
  const lines = visibleLines(logs);
  const height = logHeight(model);
  const end = Math.max(0, lines.length - logs.back);
  const shown = lines.slice(Math.max(0, end - height), end);
  if (shown.length === 0) frame.put(FIRST_ROW + 1, 1, logs.lines.length === 0 ? 'no output yet' : 'no matching lines', STYLE.dim);
  shown.forEach((line, index) => drawLine(frame, FIRST_ROW + index, line, logs));
  const position = logs.back === 0 ? '' : `── ${plural(logs.back, 'line')} below; ${model.paused !== null && logs.follows ? 'p resumes' : 'End follows'} `;
  if (position !== '') frame.put(frame.rows - 3, 0, position.padEnd(frame.columns, '─'), STYLE.yellow);
}

function titleOf({ app, logs }: Model): readonly Cell[] {
  const of = logs.slot === null ? '' : `, worker ${logs.slot}`;
  const search = logs.search === '' ? '' : `, search: "${logs.search}"`;
  return [{ text: app ?? '', style: STYLE.bold }, { text: `  log${of}${STREAM_TITLES[logs.streams]}${search}` }];
}

/** `14:22:07 2 ! text`: time, slot, and a mark for stderr that does not depend on colour. */
function drawLine(frame: Frame, row: number, line: PaneLine, { shift, search }: LogsState): void {
  const { slot, stream, at } = line;
  if (slot === null) return void frame.put(row, 0, ` ${line.text}`, STYLE.yellow);
  const color = WRITER_COLORS[slot % WRITER_COLORS.length] ?? STYLE.cyan;
  let column = frame.put(row, 0, at === 0 ? '         ' : `${clock(at)} `, STYLE.dim);
  column = frame.put(row, column, `${String(slot).padStart(3)} `, color);
  column = frame.put(row, column, stream === 'err' ? '! ' : '  ', STYLE.red | STYLE.bold);
  const text = shift === 0 ? line.text : line.text.slice(shift);
  const style = stream === 'err' ? STYLE.red : STYLE.plain;
  const found = matchAt(text, search);
  if (found < 0) return void frame.put(row, column, text, style);
  column = frame.put(row, column, text.slice(0, found), style);
  column = frame.put(row, column, text.slice(found, found + search.length), STYLE.reverse | STYLE.bold);
  frame.put(row, column, text.slice(found + search.length), style);
}
