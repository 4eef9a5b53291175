import type { LbEvent, LogMessage } from '../protocol/control.ts';
import type { HistorySeries } from '../protocol/history.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Key } from '../terminal/keys.ts';
import { stay } from './actions.ts';
import { answerDialog } from './dialogs.ts';
import { addSample, recall, takeSample } from './history.ts';
import { bindingsOf } from './keymap.ts';
import { addLogs } from './logs-state.ts';
import type { Machine } from './machine.ts';
import type { Link, Model, Notice, Update } from './model.ts';

const KEPT_EVENTS = 500;
/** On a small terminal, a notice covers the last event, so it expires. */
const NOTICE_MS = 5_000;

/** Everything that can happen to the monitor. */
export type Message =
  | { readonly type: 'stats'; readonly at: number; readonly apps: readonly AppSnapshot[]; readonly machine: Machine }
  | { readonly type: 'history'; readonly series: readonly HistorySeries[] }
  | { readonly type: 'events'; readonly events: readonly LbEvent[] }
  | { readonly type: 'logs'; readonly app: string; readonly messages: readonly LogMessage[] }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'notice'; readonly notice: Notice }
  | { readonly type: 'size'; readonly columns: number; readonly rows: number }
  | { readonly type: 'time'; readonly now: number }
  | { readonly type: 'key'; readonly key: Key };

/** The next state of the monitor, and its side effects. */
export function update(model: Model, message: Message): Update {
  const next = handle(model, message);
  return { ...next, model: withoutOldNotice(model, next.model) };
}

function withoutOldNotice(before: Model, after: Model): Model {
  if (after.notice !== before.notice) return { ...after, noticeAt: after.now };
  return after.notice !== null && after.now - after.noticeAt >= NOTICE_MS ? { ...after, notice: null } : after;
}

function handle(model: Model, message: Message): Update {
  switch (message.type) {
    case 'stats':
      return stay(withStats(model, message));
    case 'history':
      return stay({ ...model, live: { ...model.live, history: recall(model.live.history, message.series) } });
    case 'events':
      return stay({ ...model, live: { ...model.live, events: withEvents(model.live.events, message.events) } });
    case 'logs':
      return stay(
        model.page !== 'logs' || message.app !== model.app ? model : { ...model, logs: addLogs(model.logs, message.messages, model.paused !== null) },
      );
    case 'link':
      return stay({ ...model, link: message.link });
    case 'notice':
      return stay({ ...model, notice: message.notice });
    case 'size':
      return stay({ ...model, columns: message.columns, rows: message.rows });
    case 'time':
      return stay({ ...model, now: message.now });
    case 'key':
      return press(model, message.key);
  }
}

function withStats(model: Model, { at, apps, machine }: Extract<Message, { type: 'stats' }>): Model {
  const history = addSample(model.live.history, takeSample(at, apps));
  return { ...model, now: Math.max(model.now, at), live: { ...model.live, at, apps, machine, history } };
}

/** A new subscription replays recent events; known ones are skipped. */
function withEvents(known: readonly LbEvent[], added: readonly LbEvent[]): readonly LbEvent[] {
  const last = known.at(-1)?.id ?? 0;
  return [...known, ...added.filter(({ id }) => id > last)].slice(-KEPT_EVENTS);
}

function press(model: Model, key: Key): Update {
  if (model.dialog !== null) return answerDialog(model, model.dialog, key);
  if (model.help && key !== 'ctrl-c' && key !== 'ctrl-z') return stay({ ...model, help: false });
  const binding = bindingsOf(model.page).find(({ keys }) => keys.includes(key));
  return binding?.act(model) ?? stay(model);
}
