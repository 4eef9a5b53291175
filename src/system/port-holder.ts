import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDeadline } from './deadline.ts';
import { homePaths } from './paths.ts';
import { commandLineOf, startVariableOf } from './process-text.ts';
import { parentOf } from './processes.ts';
import { holdersOfPath, holdersOfPort, type SocketHolders } from './socket-holders.ts';

/** Somebody waits for the answer. */
const DEADLINE_MS = 1_000;
const LONGEST_TEXT = 120;
/** Parents that are looked at: a worker of a worker of a primary. */
const GENERATIONS = 4;

interface Address {
  /** Null for every address. A path if the type is -1. */
  readonly address: string | null;
  readonly port: number | null;
  readonly addressType?: number | string;
}

/** Who holds an address, as `describeHolders` says it; null if it is not known. */
export type PortHolder = (address: Address) => Promise<string | null>;

/** How to recognize a primary and its workers: by a variable in the environment with which they were started. */
export interface Ours {
  readonly home: string;
  /** JSON with the `name` and the `home` of a primary. */
  readonly primaryVar: string;
  /** JSON with the `app` of a worker. */
  readonly workerVar: string;
}

export function portHolder(ours: Ours): PortHolder {
  return async ({ address, port, addressType }) => {
    const asked = addressType === -1 ? holdersOfPath(address ?? '') : holdersOfPort(port ?? 0, address);
    const holders = await withDeadline(asked, DEADLINE_MS);
    return holders === null ? null : describeHolders(holders, ours);
  };
}

/** `app "web" (pid 123)`, `pid 123 (node old.js)`, or that it cannot be seen. */
export function describeHolders({ pids, uid }: SocketHolders, ours: Ours): string {
  // The daemon, the primary and the workers of an app hold the same socket; a worker knows which app it is.
  const [lb] = pids.flatMap((pid) => appsOf(pid, ours) ?? []).sort((a, b) => a.apps.length - b.apps.length);
  const [first] = pids;
  if (lb !== undefined) return describeApps(lb, ours);
  if (first !== undefined) return `pid ${first} (${printable(commandLineOf(first)) || 'command unknown'})`;
  const whose = uid === null || uid === process.getuid?.() ? '' : ` of user ${uid}`;
  return `a process${whose} that ${whose === '' ? 'cannot be seen from here' : 'this user cannot look into'}`;
}

interface FoundApps {
  readonly pid: number;
  readonly home: string;
  readonly apps: readonly string[];
}

/** The app of the worker that this process is, or was started by; else the apps of the primary. */
function appsOf(pid: number, ours: Ours): FoundApps | null {
  let app: string | null = null;
  for (let current: number | null = pid, left = GENERATIONS; current !== null && current > 1 && left > 0; current = parentOf(current), left--) {
    app ??= appOfWorker(current, ours);
    const primary = startedSettings(current, ours.primaryVar);
    if (primary === null) continue;
    const { name, home } = primary;
    return { pid, home, apps: app === null ? (recordedApps(home, name) ?? [name]) : [app] };
  }
  return null;
}

function describeApps({ pid, home, apps }: FoundApps, ours: Ours): string {
  const names = apps.map((app) => `"${printable(app)}"`).join(', ');
  const where = home === ours.home ? '' : ` of LB_HOME ${printable(home)}`;
  return `${apps.length > 1 ? 'one of the apps' : 'app'} ${names}${where} (pid ${pid})`;
}

function appOfWorker(pid: number, { workerVar }: Ours): string | null {
  const { app } = fieldsOf(startVariableOf(pid, workerVar));
  return typeof app === 'string' ? app : null;
}

/** The settings that a process was started with as a primary; null if it is none, or belongs to another user. */
export function startedSettings(pid: number, primaryVar: string): { readonly name: string; readonly home: string } | null {
  const { name, home } = fieldsOf(startVariableOf(pid, primaryVar));
  // Of somebody else's variable.
  return typeof name === 'string' && typeof home === 'string' ? { name, home } : null;
}

/** The apps of a primary, from the record that its daemon keeps. */
function recordedApps(home: string, primary: string): readonly string[] | null {
  try {
    const { apps } = fieldsOf(readFileSync(join(homePaths(home).primaries, `${primary}.json`), 'utf8'));
    return Array.isArray(apps) && apps.length > 0 ? apps.map(String) : null;
  } catch {
    return null;
  }
}

function fieldsOf(json: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json ?? '');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function printable(text: string): string {
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return shown.length > LONGEST_TEXT ? `${shown.slice(0, LONGEST_TEXT)}…` : shown;
}
