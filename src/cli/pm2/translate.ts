import { LbError } from '../../errors/lb-error.ts';
import { PM2_FLAGS, REPLACING, type Pm2Flag } from './flags.ts';

/** A command line of `lb`. */
export interface Translated {
  readonly argv: readonly string[];
  /** Scripts read what it prints; of all others they want the exit code. */
  readonly isAnswer: boolean;
}

/** Words of PM2 that are others in `lb`. Its remaining words are the same, or `lb` says what to do instead. */
const WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['start', ['start', '--reload']],
  ['restart', ['reload']],
  ['startOrRestart', ['startOrReload']],
  ['startup', ['startup', '--yes']],
  ['dash', ['monit']],
  ['dashboard', ['monit']],
  ['imonit', ['monit']],
]);

/** Words after which something is gone that a script may not have meant, and what that is. */
const NEEDS_YES: ReadonlyMap<string, string> = new Map([
  ['kill', 'drains and stops all apps, and ends the daemon'],
  ['update', 'replaces the daemon and all primaries by this version of lb'],
  ['updatePM2', 'replaces the daemon and all primaries by this version of lb'],
  ['unstartup', 'removes the service that starts the apps at boot'],
]);

/** Words that do something and answer nothing that a script would read. */
const DOING: ReadonlySet<string> = new Set([
  ...['start', ...REPLACING, 'stop', 'delete', 'del', 'scale', 'reset', 'sendSignal', 'flush', 'reloadLogs'],
  ...['save', 'dump', 'resurrect', 'cleardump', 'startup', 'init', 'ecosystem', ...NEEDS_YES.keys()],
]);

/** With these a command goes on to print what the apps print. */
const FOLLOWING: ReadonlySet<string> = new Set(['--attach', '--no-daemon']);

/** A word of the command line that is not a flag, or a flag with its value. */
interface Piece {
  /** Null for a word, and for a flag that PM2 does not have with every word. */
  readonly flag: Pm2Flag | null;
  readonly words: readonly string[];
}

/** The command line of `lb` for one of PM2. @throws LbError LB_ERR_USAGE */
export function translate(given: readonly string[]): Translated {
  const end = given.indexOf('--');
  const [own, appArgs] = end === -1 ? [given, []] : [given.slice(0, end), given.slice(end)];
  const pieces = piecesOf(own);
  const at = pieces.findIndex(({ flag, words: [first = ''] }) => flag === null && !first.startsWith('-'));
  const [word = ''] = pieces[at]?.words ?? [];
  if (at === -1) return { argv: given, isAnswer: true };
  const flags = pieces.flatMap(({ flag }) => flag ?? []);
  const has = (name: string): boolean => flags.some((flag) => flag.name === name);
  const loss = NEEDS_YES.get(word);
  if (loss !== undefined && !has('--yes')) throw usage(`"${word}" ${loss}; it needs --yes`).advising(`if that is meant: lb-pm2 ${word} --yes`);
  const rest = pieces.toSpliced(at, 1).flatMap((piece) => wordsFor(piece, word));
  return { argv: [...(WORDS.get(word) ?? [word]), ...rest, ...appArgs], isAnswer: !DOING.has(word) || [...FOLLOWING].some(has) };
}

/** Words and flags, each flag with its value. */
function piecesOf(words: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < words.length; ) {
    const piece = pieceAt(words, at);
    pieces.push(piece);
    at += piece.words.length;
  }
  return pieces;
}

function pieceAt(words: readonly string[], at: number): Piece {
  const [word = '', next] = words.slice(at, at + 2);
  const [name = '', inline] = word.split(/=(.*)/s);
  const flag = PM2_FLAGS.get(name) ?? null;
  const takesNext = inline === undefined && next !== undefined && (flag?.value === 'required' || (flag?.value === 'optional' && !next.startsWith('-')));
  return { flag, words: takesNext ? [word, next] : [word] };
}

/** @param word of PM2 @throws LbError LB_ERR_USAGE for a setting that the word does not change */
function wordsFor({ flag, words }: Piece, word: string): readonly string[] {
  if (flag === null) return words;
  const { name, as, passedTo, isSetting } = flag;
  const [given = '', ...value] = words;
  if (passedTo === 'all' || passedTo.includes(word)) {
    const inline = given.includes('=') ? given.slice(given.indexOf('=')) : '';
    return [...as.slice(0, -1), `${as.at(-1) ?? name}${inline}`, ...value];
  }
  if (isSetting && (REPLACING.includes(word) || word === 'stop'))
    throw usage(`"${word}" leaves the settings of an app as they are, and "${given}" would change one`).advising(
      'change it in the config file and run "lb-pm2 restart <file>", or pass it with the script to "lb-pm2 start"',
    );
  return [];
}

const usage = (problem: string): LbError => new LbError('LB_ERR_USAGE', { problem });
