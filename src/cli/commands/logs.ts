import { EXIT } from '../../errors/registry.ts';
import { isConfigFile } from '../../config/find-file.ts';
import { distinctPlaces, logsOf } from '../../logs/log-places.ts';
import { mergedLines, startOfLast, type Start } from '../../logs/merge-lines.ts';
import { StoredLog } from '../../logs/stored-log.ts';
import type { LinePosition, LineSource, LogPlace } from '../../logs/stored-line.ts';
import type { LogStream } from '../../protocol/control.ts';
import { wallNow } from '../../system/clock.ts';
import { homePaths } from '../../system/paths.ts';
import { pathsOfApp } from '../../system/user-folder.ts';
import { ALL, choose, standsForAny } from '../choose.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { LogPrinter } from '../logs/log-printer.ts';
import { DEFAULT_LINES, isWanted, logQuery, shownLine, wantedLines, type LogQuery } from '../logs/log-query.ts';
import type { InMemory } from '../logs/memory-lines.ts';
import { timeFormat } from '../logs/time-format.ts';
import { moment } from '../logs/time-option.ts';
import { readAllSavedApps, versionOfSavedApps, type LoggedApp } from '../saved-apps.ts';
import { regularExpression, wholeNumber } from '../values.ts';

export const logs: Command = {
  operands: '[targets...]',
  description:
    'Shows the last log lines of some apps or of all, then follows until Ctrl-C. The lines come from the log files, rotated ones too, so it works for stopped apps and without a daemon. Lines that the app wrote to stderr also go to stdout.',
  options: [
    { flags: '-n, --lines <n>', description: `number of past lines of each app to show (default: ${DEFAULT_LINES}, with --since all)`, parse: wholeNumber },
    { flags: '--no-follow', description: 'exit after the past lines' },
    { flags: '--reopen', description: 'reopen the log files after logrotate has renamed them, and show nothing' },
    {
      flags: '--since <time>',
      description: 'only lines from then on: 10m (ago), 14:30, 2026-11-29, "2026-11-29 14:30:00"',
      parse: (text) => moment(text, wallNow()),
    },
    { flags: '--until <time>', description: 'only lines up to then; implies --no-follow', parse: (text) => moment(text, wallNow()) },
    { flags: '--grep <regex>', description: 'only lines that match; --lines counts these', parse: regularExpression },
    { flags: '-i, --ignore-case', description: 'let --grep match small and capital letters alike' },
    { flags: '--out', description: 'only what the workers wrote to stdout' },
    { flags: '--err', description: 'only what the workers wrote to stderr' },
    { flags: '-t', key: 'timestamp', description: 'begin each line with the time when it was written; "-" where it is not known' },
    { flags: '--timestamp [format]', description: 'the same; with a format of dayjs, such as HH:mm:ss.SSS, in that' },
    { flags: '--raw', description: 'print the lines as the app wrote them, without app and slot, control characters included' },
    { flags: '--highlight <text>', description: 'highlight a text on a terminal' },
    { flags: '--format', description: 'print timestamp=… app=… id=… type=… message=… lines' },
    { ...JSON_OPTION, description: 'print one JSON object per line' },
    { flags: '-f, --follow', description: 'follow, as without it', hidden: true },
    { flags: '--nostream', description: 'the same as --no-follow', hidden: true },
  ],
  exits: ['notFound', 'daemon', 'interrupted'],
  examples: [
    'lb logs',
    'lb logs api --lines 100 --no-follow',
    'lb logs api worker --since 1h --grep "timeout|refused"',
    'lb logs api --err --json | jq -r .text',
    'lb logs --reopen',
  ],
  run,
};

async function run(context: Context): Promise<number> {
  if (context.options['reopen'] === true) return await (await ofDaemon()).reopenLogs(context);
  const since = wallNow();
  const known = await knownApps(context);
  const words = await wordsOf(context, known);
  const { apps, slots } = chosen(known, words);
  const query = { ...logQuery(context.options), slots };
  const isFollowing = context.options['follow'] !== false && context.options['nostream'] !== true && query.until === Infinity;
  const { places, inMemory } = sourcesOf(context, apps, query);
  const memory = inMemory.size === 0 ? null : new (await ofDaemon()).MemoryLines(context, inMemory);
  const printer = new LogPrinter(context, await timeFormat(context.options['timestamp'], known));
  const stored = places.map((place) => new StoredLog(place, isFollowing, context.note));
  const starts: Start[] = [];
  for (const { name } of apps) {
    const sources: LineSource[] = stored.filter(({ place }) => place.app.split('+')[0] === name);
    if (memory !== null && inMemory.has(name)) sources.push(await memory.kept(name, query.lines));
    starts.push(...(await startsOf(sources, query)));
  }
  if (apps.length === 0) {
    context.note('no apps yet; start one with "lb start <script>"');
    return EXIT.ok;
  }
  await printPast(context, query, starts, printer);
  if (!isFollowing) {
    for (const log of stored) log.close();
    return EXIT.ok;
  }
  noteIdle(context, words, apps);
  const { followLogs } = await import('../logs/follow-logs.ts');
  return await followLogs({ context, query, printer, logs: stored, memory, places: placesNow(context, words, query), since });
}

interface ChosenLogs {
  readonly apps: readonly LoggedApp[];
  /** The slots of apps of which ids were given. */
  readonly slots: LogQuery['slots'];
}

/** What the command is about; a config file stands for its apps, no word for all. */
async function wordsOf(context: Context, apps: readonly LoggedApp[]): Promise<readonly string[]> {
  const words: string[] = [];
  for (const word of context.args.length === 0 ? [ALL] : context.args) {
    if (isConfigFile(word)) words.push(...(await (await withFiles()).chooseAll(context, apps, [word])).map(({ app }) => app.name));
    else words.push(word);
  }
  return words;
}

/** What the words choose. @throws LbError LB_ERR_APP_NOT_FOUND with the nearest name, and as `choose` */
function chosen(apps: readonly LoggedApp[], words: readonly string[]): ChosenLogs {
  const all = words.flatMap((word) => choose(apps, word).chosen);
  const whole = new Set(all.flatMap(({ app, slot }) => (slot === null ? [app.name] : [])));
  const slots = new Map<string, Set<number>>();
  for (const { app, slot } of all) if (slot !== null && !whole.has(app.name)) slots.set(app.name, new Set([...(slots.get(app.name) ?? []), slot]));
  return { apps: apps.filter((app) => all.some((one) => one.app === app)), slots };
}

/**
 * The apps of a home, from the file in which the daemon keeps their definitions: logs can be read when no daemon runs. A running
 * daemon is asked only if that file is missing or damaged, or does not have one of these apps.
 */
async function knownApps(context: Context): Promise<readonly LoggedApp[]> {
  const saved = readAllSavedApps(homePaths(context.home));
  const isComplete = saved.problem === null && saved.apps.length > 0 && context.args.every((word) => isConfigFile(word) || standsForAny(saved.apps, word));
  if (isComplete) return saved.apps;
  const running = await (await ofDaemon()).appsOfDaemon(context);
  if (running === null && saved.problem !== null) context.note(saved.problem);
  return running ?? saved.apps;
}

const ofDaemon = (): Promise<typeof import('../logs/of-daemon.ts')> => import('../logs/of-daemon.ts');
const withFiles = (): Promise<typeof import('../choose-with-files.ts')> => import('../choose-with-files.ts');

/** The files and the memory that may have wanted lines. */
function sourcesOf(context: Context, apps: readonly LoggedApp[], { stream }: LogQuery): { readonly places: LogPlace[]; readonly inMemory: InMemory } {
  const found = apps.map((app) => ({ name: app.name, logs: logsOf(app, pathsOfApp({ user: null, ...app }, context.home).lineTimes) }));
  const isWantedStream = (each: LogStream | null): boolean => stream === null || each === null || each === stream;
  const inMemory = found.map(({ name, logs: { inMemory: streams } }) => [name, streams.filter(isWantedStream)] as const);
  return {
    places: distinctPlaces(found.flatMap(({ logs: { places } }) => places)).filter((place) => isWantedStream(place.stream)),
    inMemory: new Map(inMemory.filter(([, streams]) => streams.length > 0)),
  };
}

/** Where to begin in each source, so that the wanted number of lines follows. */
async function startsOf(sources: readonly LineSource[], query: LogQuery): Promise<Start[]> {
  const { lines, since } = query;
  if (lines === 0) return [];
  if (lines === Infinity) return sources.map((source) => ({ source, position: since === -Infinity ? BEGINNING : source.seek(since), order: -Infinity }));
  return await startOfLast(sources, { lines, since, wanted: (line) => isWanted(query, shownLine(query, line)) });
}

const BEGINNING: LinePosition = { part: 0, offset: 0 };

async function printPast(context: Context, query: LogQuery, starts: readonly Start[], printer: LogPrinter): Promise<void> {
  let untimed = 0;
  for await (const lines of mergedLines(starts)) {
    await printer.print(wantedLines(query, lines));
    if (query.since !== -Infinity) for (const { order } of lines) if (order === -Infinity) untimed++;
  }
  if (untimed > 0)
    context.note(
      untimed === 1
        ? '1 line was left out, because it is not known when it was written'
        : `${untimed} lines were left out, because it is not known when they were written`,
    );
}

function noteIdle({ note }: Context, words: readonly string[], apps: readonly LoggedApp[]): void {
  if (words.includes(ALL)) return;
  for (const { name, isToRun } of apps) if (!isToRun) note(`${name} is not running; new lines appear here when it runs again`);
}

/** The files that there are now, also of apps that were defined meanwhile. */
function placesNow(context: Context, words: readonly string[], query: LogQuery): () => readonly LogPlace[] {
  const paths = homePaths(context.home);
  let version = '';
  let apps: readonly LoggedApp[] = [];
  return () => {
    const current = versionOfSavedApps(paths);
    if (current !== version) {
      ({ apps } = readAllSavedApps(paths));
      version = current;
    }
    const known = words.filter((word) => standsForAny(apps, word));
    return sourcesOf(context, chosen(apps, known).apps, query).places;
  };
}
