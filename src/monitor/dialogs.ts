import type { Key } from '../terminal/keys.ts';
import { submit, refuse, stay, weightOrder } from './actions.ts';
import { findMatch } from './logs-state.ts';
import { withFilter, type Dialog, type Model, type Update } from './model.ts';

/** Handles a key while a dialog is open; the page gets none. */
export function answerDialog(model: Model, dialog: Dialog, key: Key): Update {
  if (key === 'escape' || key === 'ctrl-c') return stay(cancelled(model, dialog));
  if (dialog.kind === 'confirm') return confirm(model, dialog, key);
  if (dialog.kind === 'choice') return choose(model, dialog, key);
  return type(model, dialog, key);
}

const closed = (model: Model): Model => ({ ...model, dialog: null });

function cancelled(model: Model, dialog: Dialog): Model {
  return dialog.kind === 'input' && dialog.purpose === 'filter' ? withFilter(closed(model), '') : closed(model);
}

/** Only `y` confirms: Enter is pressed too easily. */
function confirm(model: Model, { order, question }: Extract<Dialog, { kind: 'confirm' }>, key: Key): Update {
  if (key === 'y' || key === 'Y') return submit(model, order, `${question.split('?')[0] ?? order.action} …`);
  return key === 'n' || key === 'N' || key === 'q' ? stay({ ...closed(model), notice: { text: 'cancelled', kind: 'info' } }) : stay(model);
}

function choose(model: Model, dialog: Extract<Dialog, { kind: 'choice' }>, key: Key): Update {
  const { options, index, app } = dialog;
  const move = (by: number): Update => stay({ ...model, dialog: { ...dialog, index: (index + by + options.length) % options.length } });
  if (key === 'left' || key === 'up' || key === 'backtab') return move(-1);
  if (key === 'right' || key === 'down' || key === 'tab') return move(1);
  const strategy = options[index];
  if (key !== 'enter' || strategy === undefined) return stay(model);
  return submit(model, { app, action: 'balance', body: { strategy } }, `changing ${app} to ${strategy} …`);
}

function type(model: Model, dialog: Extract<Dialog, { kind: 'input' }>, key: Key): Update {
  if (key === 'enter') return typed(model, dialog);
  if (key === 'backspace') return input(model, dialog, [...dialog.text].slice(0, -1).join(''));
  if (key === 'ctrl-u') return input(model, dialog, '');
  return [...key].length === 1 ? input(model, dialog, dialog.text + key) : stay(model);
}

/** A filter applies while it is typed. */
function input(model: Model, dialog: Extract<Dialog, { kind: 'input' }>, text: string): Update {
  const changed = { ...model, dialog: dialog.purpose === 'weight' ? { ...dialog, text, problem: null } : { ...dialog, text } };
  return stay(dialog.purpose === 'filter' ? withFilter(changed, text) : changed);
}

function typed(model: Model, dialog: Extract<Dialog, { kind: 'input' }>): Update {
  if (dialog.purpose === 'weight') return weightOrder(model, dialog);
  if (dialog.purpose === 'filter') return stay(withFilter(closed(model), dialog.text));
  const logs = { ...model.logs, search: dialog.text };
  const found = dialog.text === '' ? logs : findMatch(logs, 'past', true);
  return found === null ? refuse({ ...closed(model), logs }, `"${dialog.text}" was not found`) : stay({ ...closed(model), logs: found });
}
