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

/** One line of the help, and what its keys do. The footer and the help are made of these. */
export interface Binding {
  readonly keys: readonly Key[];
  /** How the keys are written. */
  readonly shown: string;
  /** In the footer; null leaves it out there. */
  readonly label: string | null;
  readonly help: string;
  readonly group: 'move' | 'screen' | 'look' | 'act';
  readonly pages: readonly Page[];
  /** When the footer has it; without it always. */
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
  bind('move', TABLES, ['up'], '↑', null, 'up; the mouse wheel too', move(-1)),
  bind('move', TABLES, ['down'], '↓', null, 'down', move(1)),
  bind('move', PAGES, ['wheelup'], '', null, '', move(-3)),
  bind('move', PAGES, ['wheeldown'], '', null, '', move(3)),
  bind('move', PAGES, ['pageup', 'ctrl-b'], 'PgUp', null, 'a page up', move('-page')),
  bind('move', PAGES, ['pagedown', 'ctrl-f'], 'PgDn', null, 'a page down', move('page')),
  bind('move', PAGES, ['home', 'g'], 'Home g', null, 'to the first', move('first')),
  bind('move', PAGES, ['end', 'G'], 'End G', null, 'to the last; of a log: follow', move('last')),
  bind('move', ['apps'], ['enter', 'right'], 'Enter', 'open', 'open the app', open),
  bind('move', ['app'], ['enter'], 'Enter', 'log', 'the log of the worker', open),
  bind('move', ['app', 'logs'], ['escape', 'backspace'], 'Esc', 'back', 'back', back),
  bind('move', ['apps'], ['escape'], '', null, '', back),
  bind('move', ['app'], ['left', 'backtab'], '←', null, 'the app before', nextApp(-1)),
  bind('move', ['app'], ['right', 'tab'], '→', null, 'the next app', nextApp(1)),
  bind('move', ['logs'], ['up'], '↑', null, 'a line back; mouse wheel too', move(-1)),
  bind('move', ['logs'], ['down'], '↓', null, 'a line on', move(1)),
  bind('move', ['logs'], ['left'], '←', null, 'long lines: back', shift(-1)),
  bind('move', ['logs'], ['right'], '→', null, 'long lines: further', shift(1)),

  bind('look', ['apps'], ['l'], 'l', 'logs', 'the log of the app', openLogs(null)),
  bind('look', ['logs'], ['/'], '/', 'search', 'search', editSearch),
  bind('look', ['logs'], ['f'], 'f', 'filter', 'only lines with a text', editFilter),
  bind('look', ['logs'], ['n'], 'n', 'next', 'the next match, further back', searchNext('past')),
  bind('look', ['logs'], ['N'], 'N', null, 'the match nearer to now', searchNext('newest')),
  bind('look', ['logs'], ['o'], 'o', 'stderr', 'all, stderr only, stdout only', nextStream),
  bind('look', ['logs'], ['w'], 'w', 'worker', 'all workers, then each alone', nextSlot),
  bind('look', TABLES, ['m'], 'm', 'measure', 'chart the next measure', nextMeasure),
  bind('look', ['apps'], ['s'], 's', 'sort', 'sort by the next column', sortByNext),
  bind('look', ['apps'], ['S'], 'S', null, 'the other way round', reverseSort),
  bind('look', ['apps'], ['/', 'f'], '/', 'filter', 'filter by name or state', editFilter),
  bind('screen', PAGES, ['p', ' '], 'p', 'pause', 'hold the screen; again goes on', pause),

  bind('act', TABLES, ['r'], 'r', 'reload', 'reload', reload, isRunning),
  bind('act', TABLES, ['+', '='], '+', null, 'one more worker', scaleUp),
  bind('act', TABLES, ['-'], '-', null, 'one worker less', scaleDown),
  bind('act', TABLES, ['a'], 'a', 'auto', 'autoscaling on; off again', switchScaling, isAutoscalable),
  bind('act', TABLES, ['b'], 'b', 'balance', 'change the balancing', chooseBalance, isRunning),
  bind('act', ['app'], ['w'], 'w', 'weight', 'change the weight of the slot', changeWeight, hasWorker),
  bind('act', ['app'], ['k'], 'k', 'kill', 'kill the worker', killWorker, hasWorker),
  bind('act', TABLES, ['R'], 'R', null, 'restart', restart),
  bind('act', TABLES, ['x'], 'x', 'stop', 'stop', stop, isRunning),
  bind('act', TABLES, ['u'], 'u', 'start', 'start a stopped app', start, isStopped),

  // On this page acting comes first in the footer.
  bind('look', ['app'], ['l'], 'l', 'logs', 'the log of the app', openLogs(null)),
  bind('look', ['app'], ['s'], 's', 'sort', 'sort by the next column', sortByNext),
  bind('look', ['app'], ['S'], 'S', null, 'the other way round', reverseSort),
  bind('look', ['app'], ['/', 'f'], '/', 'filter', 'filter by slot, pid or state', editFilter),
  bind('screen', PAGES, ['ctrl-l'], '^L', null, 'draw the screen again', (model) => stay(model, { do: 'redraw' })),
  bind('screen', PAGES, ['?', 'h'], '?', 'help', 'this help', (model) => stay({ ...model, help: true })),
  bind('screen', PAGES, ['ctrl-z'], '^Z', null, 'suspend; fg comes back', (model) => stay(model, { do: 'suspend' })),
  bind('screen', PAGES, ['q', 'ctrl-c'], 'q', 'quit', 'quit; nothing else ends', (model) => stay(model, { do: 'quit' })),
];

export const bindingsOf = (page: Page): readonly Binding[] => BINDINGS.filter(({ pages }) => pages.includes(page));
