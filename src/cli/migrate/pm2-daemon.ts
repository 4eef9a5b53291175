import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LbError } from '../../errors/lb-error.ts';
import { isObject } from '../../protocol/parser.ts';
import { commandOf, isAlive, startTimeOf, type ProcessId } from '../../system/processes.ts';
import { startVariableOf } from '../../system/process-text.ts';

/** A running daemon of PM2. */
export interface Pm2Daemon extends ProcessId {
  readonly home: string;
  readonly version: string;
  /** The binary of Node.js that it runs on. */
  readonly node: string;
  /** The command line of the same PM2: `…/pm2/bin/pm2`. */
  readonly program: string;
}

/** What a daemon of PM2 calls itself: `PM2 v7.0.4: God Daemon (/home/me/.pm2)`. */
const TITLE = /^PM2 v(\S+): God Daemon \((.+)\)/;

/**
 * Finds the daemon by its pid file, never by `PATH`: there may be another PM2.
 * @param home `PM2_HOME` @param program the command line of PM2, if it is known
 * @throws LbError LB_ERR_MIGRATE_SOURCE
 */
export function findPm2(home: string, program: string | undefined): Pm2Daemon {
  const file = join(home, 'pm2.pid');
  const pid = Number(textOf(file));
  const startTime = Number.isInteger(pid) && pid > 0 && isAlive(pid) ? startTimeOf(pid) : null;
  if (startTime === null) throw notFound(`no process runs by its pid file, ${file}`, 'set PM2_HOME, if PM2 has another home');
  const [, version = ''] = TITLE.exec(commandOf(pid).join(' ')) ?? [];
  if (version === '') throw notFound(`process ${pid} of ${file} is no daemon of PM2`, 'run "pm2 list" to see whether PM2 runs');
  if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) throw notFound(`process ${pid} of ${file} belongs to another user`, 'run the command as that user');
  const node = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  const found = program ?? programOf(pid, node, version);
  if (found === null) throw notFound(`the PM2 ${version} that process ${pid} runs was not found`, 'pass its command line with "--pm2 <path of pm2>"');
  return { pid, startTime, home, version, node: existsSync(node) ? node : `/proc/${pid}/exe`, program: resolve(found) };
}

/** All daemons of PM2 on this machine, whoever's they are. */
export function pm2Daemons(): { readonly pid: number; readonly home: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    const [, , home] = (Number.isInteger(pid) && TITLE.exec(commandOf(pid).join(' '))) || [];
    return home === undefined ? [] : [{ pid, home }];
  });
}

export const defaultPm2Home = (env: NodeJS.ProcessEnv): string => env['PM2_HOME'] ?? join(env['HOME'] ?? homedir(), '.pm2');

const notFound = (problem: string, hint: string): LbError => new LbError('LB_ERR_MIGRATE_SOURCE', { problem, hint });

/** Where the PM2 of this version lies: beside its Node.js, in the folder where it was started, or what started it. */
function programOf(pid: number, node: string, version: string): string | null {
  const started = startVariableOf(pid, '_');
  const packages = [
    join(dirname(node), '../lib/node_modules/pm2'),
    ...foldersAbove(linkOf(`/proc/${pid}/cwd`)).map((folder) => join(folder, 'node_modules/pm2')),
    ...(started === undefined ? [] : foldersAbove(realPath(started))),
    ...(startVariableOf(pid, 'PATH') ?? '').split(':').flatMap((folder) => foldersAbove(realPath(join(folder, 'pm2')))),
  ];
  const found = packages.find((folder) => isPackage(folder, version));
  return found === undefined ? null : join(found, 'bin/pm2');
}

function isPackage(folder: string, version: string): boolean {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return isObject(manifest) && manifest['name'] === 'pm2' && manifest['version'] === version;
  } catch {
    return false;
  }
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = path; folder !== '' && !folders.includes(folder); folder = dirname(folder)) folders.push(folder);
  return folders;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
