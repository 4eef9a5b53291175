import type { Key } from '../terminal/keys.ts';
import { changeWeight, chooseBalance, killWorker, reload, restart, scaleDown, scaleUp, start, stay, stop, switchScaling } from './actions.ts';
import { PAGES, type Model, type Page, type Update } from './model.ts';
import {
  back,
  editFilter,
  editSearch,
  move,
  nextApp,
  nextMeasure,
  nextSlot,
  nextStream,
  open,
  openLogs,
  pause,
  reverseSort,
  searchNext,
  shift,
  sortByNext,
} from './navigation.ts';
import { currentApp, currentWorker } from './rows.ts';

/** Keys and what they do. The footer and the help are made of these. */
export interface Binding {
  readonly keys: readonly Key[];
  /** The keys as shown in footer and help. */
  readonly shown: string;
  /** Label in the footer; null for none. */
  readonly label: string | null;
  readonly help: string;
  readonly group: 'move' | 'screen' | 'view' | 'act';
  readonly pages: readonly Page[];
  /** When the footer shows it; default always. */
  readonly applies?: (model: Model) => boolean;
  readonly act: (model: Model) => Update;
}

const TABLES: readonly Page[] = ['apps', 'app'];

const bind = (
  group: Binding['group'],
  pages: readonly Page[],
  keys: readonly Key[],
  shown: string,
  label: string | null,
  help: string,
  act: Binding['act'],
  applies?: Binding['applies'],
): Binding => ({ group, pages, keys, shown, label, help, act, ...(applies === undefined ? {} : { applies }) });

const isRunning = (model: Model): boolean => typeof currentApp(model)?.primaryPid === 'number';
const isStopped = (model: Model): boolean => currentApp(model)?.primaryPid === null;
const isAutoscalable = (model: Model): boolean => isRunning(model) && currentApp(model)?.autoscaling != null;
const hasWorker = (model: Model): boolean => currentWorker(model) !== undefined;

export const BINDINGS: readonly Binding[] = [
  bind('move', TABLES, ['up'], '↑', null, 'up; or mouse wheel', move(-1)),
  bind('move', TABLES, ['down'], '↓', null, 'down', move(1)),
  bind('move', PAGES, ['wheelup'], '', null, '', move(-3)),
  bind('move', PAGES, ['wheeldown'], '', null, '', move(3)),
  bind('move', PAGES, ['pageup', 'ctrl-b'], 'PgUp', null, 'page up', move('-page')),
  bind('move', PAGES, ['pagedown', 'ctrl-f'], 'PgDn', null, 'page down', move('page')),
  bind('move', PAGES, ['home', 'g'], 'Home g', null, 'first row', move('first')),
  bind('move', PAGES, ['end', 'G'], 'End G', null, 'last row; in a log: follow', move('last')),
  bind('move', ['apps'], ['enter', 'right'], 'Enter', 'open', 'open the app', open),
  bind('move', ['app'], ['enter'], 'Enter', 'log', 'open the log of the worker', open),
  bind('move', ['app', 'logs'], ['escape', 'backspace'], 'Esc', 'back', 'back', back),
  bind('move', ['apps'], ['escape'], '', null, '', back),
  bind('move', ['app'], ['left', 'backtab'], '←', null, 'previous app', nextApp(-1)),
  bind('move', ['app'], ['right', 'tab'], '→', null, 'next app', nextApp(1)),
  bind('move', ['logs'], ['up'], '↑', null, 'up one line; or mouse wheel', move(-1)),
  bind('move', ['logs'], ['down'], '↓', null, 'down one line', move(1)),
  bind('move', ['logs'], ['left'], '←', null, 'long lines: scroll left', shift(-1)),
  bind('move', ['logs'], ['right'], '→', null, 'long lines: scroll right', shift(1)),

  bind('view', ['apps'], ['l'], 'l', 'logs', 'open the log of the app', openLogs(null)),
  bind('view', ['logs'], ['/'], '/', 'search', 'search', editSearch),
  bind('view', ['logs'], ['f'], 'f', 'filter', 'show only lines with a text', editFilter),
  bind('view', ['logs'], ['n'], 'n', 'next', 'next match, older', searchNext('past')),
  bind('view', ['logs'], ['N'], 'N', null, 'previous match, newer', searchNext('newest')),
  bind('view', ['logs'], ['o'], 'o', 'stderr', 'cycle: stderr, stdout, both', nextStream),
  bind('view', ['logs'], ['w'], 'w', 'worker', 'cycle: all, each worker', nextSlot),
  bind('view', TABLES, ['m'], 'm', 'measure', 'chart the next measure', nextMeasure),
  bind('view', ['apps'], ['s'], 's', 'sort', 'sort by the next column', sortByNext),
  bind('view', ['apps'], ['S'], 'S', null, 'reverse the order', reverseSort),
  bind('view', ['apps'], ['/', 'f'], '/', 'filter', 'filter by name or state', editFilter),
  bind('screen', PAGES, ['p', ' '], 'p', 'pause', 'pause or resume the screen', pause),

  bind('act', TABLES, ['r'], 'r', 'reload', 'reload', reload, isRunning),
  bind('act', TABLES, ['+', '='], '+', null, 'one more worker', scaleUp),
  bind('act', TABLES, ['-'], '-', null, 'one fewer worker', scaleDown),
  bind('act', TABLES, ['a'], 'a', 'auto', 'turn autoscaling on or off', switchScaling, isAutoscalable),
  bind('act', TABLES, ['b'], 'b', 'balance', 'change the balancing strategy', chooseBalance, isRunning),
  bind('act', ['app'], ['w'], 'w', 'weight', 'change the weight of the slot', changeWeight, hasWorker),
  bind('act', ['app'], ['k'], 'k', 'kill', 'kill the worker', killWorker, hasWorker),
  bind('act', TABLES, ['R'], 'R', null, 'restart', restart),
  bind('act', TABLES, ['x'], 'x', 'stop', 'stop', stop, isRunning),
  bind('act', TABLES, ['u'], 'u', 'start', 'start a stopped app', start, isStopped),

  // On this page, actions come first in the footer.
  bind('view', ['app'], ['l'], 'l', 'logs', 'open the log of the app', openLogs(null)),
  bind('view', ['app'], ['s'], 's', 'sort', 'sort by the next column', sortByNext),
  bind('view', ['app'], ['S'], 'S', null, 'reverse the order', reverseSort),
  bind('view', ['app'], ['/', 'f'], '/', 'filter', 'filter by slot, pid or state', editFilter),
  bind('screen', PAGES, ['ctrl-l'], '^L', null, 'redraw the screen', (model) => stay(model, { do: 'redraw' })),
  bind('screen', PAGES, ['?', 'h'], '?', 'help', 'show this help', (model) => stay({ ...model, help: true })),
  bind('screen', PAGES, ['ctrl-z'], '^Z', null, 'suspend; resume with fg', (model) => stay(model, { do: 'suspend' })),
  bind('screen', PAGES, ['q', 'ctrl-c'], 'q', 'quit', 'quit; your apps keep running', (model) => stay(model, { do: 'quit' })),
];

export const bindingsOf = (page: Page): readonly Binding[] => BINDINGS.filter(({ pages }) => pages.includes(page));
