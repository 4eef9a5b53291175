import type { Frame } from '../../terminal/frame.ts';
import { STYLE, type CellStyle } from '../../terminal/style.ts';
import { widthOf } from '../../terminal/text.ts';
import { bindingsOf } from '../keymap.ts';
import { filterOf, type Dialog, type Model, type Notice } from '../model.ts';
import type { Cell } from '../table.ts';
import { putAll } from './header.ts';

export const FOOTER_LINES = 2;

const NOTICE_STYLES: Readonly<Record<Notice['kind'], CellStyle>> = { info: STYLE.cyan, good: STYLE.green, bad: STYLE.red | STYLE.bold };
/** Shown first if there is no room for all keys. */
const ALWAYS = ['help', 'quit'];

/** The last two lines: a dialog or a notice, and the keys. */
export function drawFooter(frame: Frame, model: Model): void {
  const row = frame.rows - FOOTER_LINES;
  // On a very low terminal the table reaches into the footer.
  for (const line of [row, row + 1]) frame.put(line, 0, ' '.repeat(frame.columns));
  if (model.dialog !== null) putAll(frame, row, 1, dialogCells(model.dialog));
  else if (model.notice !== null) frame.put(row, 1, model.notice.text, NOTICE_STYLES[model.notice.kind]);
  else if (filterOf(model) !== '')
    putAll(frame, row, 1, [
      { text: 'only: ', style: STYLE.dim },
      { text: filterOf(model), style: STYLE.bold },
      { text: '   Esc shows all', style: STYLE.dim },
    ]);
  drawKeys(frame, model);
}

function dialogCells(dialog: Dialog): readonly Cell[] {
  if (dialog.kind === 'confirm') {
    // The question comes first, as a narrow terminal cuts the explanation.
    const end = dialog.question.indexOf('?') + 1;
    return [
      { text: dialog.question.slice(0, end), style: STYLE.yellow | STYLE.bold },
      { text: ' (y/n)', style: STYLE.bold },
      { text: dialog.question.slice(end), style: STYLE.yellow },
    ];
  }
  if (dialog.kind === 'input') {
    const label = dialog.purpose === 'weight' ? `weight of slot ${dialog.slot}` : dialog.purpose;
    const problem = dialog.purpose === 'weight' ? dialog.problem : null;
    const hint = problem === null ? { text: '  Enter confirms, Esc cancels', style: STYLE.dim } : { text: `  ${problem}`, style: STYLE.red | STYLE.bold };
    return [{ text: `${label}: `, style: STYLE.cyan | STYLE.bold }, { text: dialog.text }, { text: ' ', style: STYLE.reverse }, hint];
  }
  return dialog.options.flatMap((option, index): Cell[] => [
    { text: ` ${option} `, style: index === dialog.index ? STYLE.reverse | STYLE.bold : STYLE.plain },
    { text: ' ' },
  ]);
}

function drawKeys(frame: Frame, model: Model): void {
  const row = frame.rows - 1;
  if (model.dialog?.kind === 'choice') return void frame.put(row, 1, '← → choose   Enter confirms   Esc cancels', STYLE.dim);
  const hints = bindingsOf(model.page).filter(({ label, applies }) => label !== null && applies?.(model) !== false);
  const width = ({ shown, label }: (typeof hints)[number]): number => widthOf(`${shown} ${label}  `);
  let room = frame.columns - 1 - hints.filter(({ label }) => ALWAYS.includes(label ?? '')).reduce((sum, hint) => sum + width(hint), 0);
  let column = 1;
  for (const hint of hints) {
    const isAlways = ALWAYS.includes(hint.label ?? '');
    if (!isAlways && (room -= width(hint)) < 0) continue;
    column = putAll(frame, row, column, [{ text: hint.shown, style: STYLE.bold }, { text: ` ${hint.label}`, style: STYLE.dim }, { text: '  ' }]);
  }
}
