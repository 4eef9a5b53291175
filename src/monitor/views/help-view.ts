import { keysOf } from '../../lifecycle/keys-of.ts';
import type { Frame } from '../../terminal/frame.ts';
import { STYLE } from '../../terminal/style.ts';
import { widthOf } from '../../terminal/text.ts';
import { bindingsOf, type Binding } from '../keymap.ts';
import type { Model } from '../model.ts';
import { drawTitle, putAll } from './header.ts';

/** In display order. */
const TITLES: Readonly<Record<Binding['group'], string>> = { move: 'move', screen: 'screen', view: 'view', act: 'act (disruptive keys ask first)' };
const KEY_COLUMNS = 8;
const WIDE_COLUMNS = 76;
const MARGIN = 2;

/** A title, a key, or a blank line between groups. */
type Line = Binding | string | null;

/** All keys of the page, in two columns if there is room. */
export function drawHelp(frame: Frame, model: Model): void {
  drawTitle(frame, model, [
    { text: 'keys', style: STYLE.bold },
    { text: '   press any key to go back', style: STYLE.dim },
  ]);
  const bindings = bindingsOf(model.page).filter(({ help }) => help !== '');
  const lines = keysOf(TITLES).flatMap((group): readonly Line[] => {
    const own = bindings.filter((binding) => binding.group === group);
    return own.length === 0 ? [] : [TITLES[group], ...own, null];
  });
  const isWide = frame.columns >= WIDE_COLUMNS;
  const half = lines.indexOf(TITLES.view);
  const columns = isWide && half > 0 ? [lines.slice(0, half), lines.slice(half)] : [lines];
  let left = MARGIN;
  for (const column of columns) {
    column.forEach((line, at) => {
      if (typeof line === 'string') frame.put(2 + at, left, line, STYLE.bold | STYLE.underline);
      else if (line !== null) putAll(frame, 2 + at, left, [{ text: line.shown.padEnd(KEY_COLUMNS), style: STYLE.cyan | STYLE.bold }, { text: line.help }]);
    });
    left += Math.max(Math.floor(frame.columns / 2), widest(column) + MARGIN);
  }
}

const widest = (lines: readonly Line[]): number =>
  Math.max(...lines.map((line) => (line === null ? 0 : typeof line === 'string' ? widthOf(line) : KEY_COLUMNS + widthOf(line.help))));
