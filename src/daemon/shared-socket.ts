import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf, LbError, messageOf } from '../errors/lb-error.ts';
import type { SharedSocket as Shared, SharedSocketState } from '../protocol/control.ts';
import { savedShare } from '../protocol/parse-requests.ts';
import { removeIfThere } from '../system/remove-file.ts';
import { claimSocketPath } from '../system/stale-socket.ts';
import { readSaved, savedText } from './saved-file.ts';
import { SavedText } from './saved-text.ts';
import type { FileReports } from './unwritten.ts';

const FOLDER_MODE = 0o750;
const SOCKET_MODE = 0o660;
const SET_GID = 0o2000;

interface SharedSocketOptions {
  /** The file that stores the group and the path. */
  readonly file: string;
  /** Serves the control API on another socket. Resolves with a function that closes it. */
  readonly listen: (path: string) => Promise<() => void>;
  readonly reports: FileReports;
  /** Called if what was saved can't be used. */
  readonly failed: (message: string) => void;
}

/** A second control socket, for a group of users: in a folder outside the home, which stays private. */
export class SharedSocket {
  readonly #options: SharedSocketOptions;
  readonly #saved: SavedText;
  #state: SharedSocketState | null = null;
  #close: (() => void) | null = null;

  constructor(options: SharedSocketOptions) {
    this.#options = options;
    this.#saved = new SavedText({ path: options.file, reports: options.reports, without: 'the next daemon shares what was saved last' });
  }

  /** Null if it is off. */
  get state(): SharedSocketState | null {
    return this.#state;
  }

  /** Opens what was saved. */
  async restore(): Promise<void> {
    const { file, failed, reports } = this.#options;
    const shared = readSaved({ path: file, parser: savedShare, reports, without: 'no socket is shared' })?.shared ?? null;
    if (shared === null) return;
    try {
      await this.#open(shared);
    } catch (error) {
      const problem = LbError.from(error).message;
      this.#state = { ...shared, problem };
      failed(problem);
    }
  }

  /** Shares with this group, now and after a restart; null ends that. @throws LbError LB_ERR_SHARE; then nothing is shared */
  async move(shared: Shared | null): Promise<SharedSocketState | null> {
    this.close();
    try {
      if (shared !== null) await this.#open(shared);
    } finally {
      await this.#saved.save(savedText({ shared: this.#state === null ? null : shared }));
    }
    return this.#state;
  }

  close(): void {
    this.#close?.();
    if (this.#close !== null && this.#state !== null) removeIfThere(this.#state.socket);
    this.#close = null;
    this.#state = null;
  }

  async #open(shared: Shared): Promise<void> {
    const { group, gid, socket } = shared;
    const folder = dirname(socket);
    try {
      openFolder(folder, socket, gid);
      await claimSocketPath(socket);
      const close = await this.#options.listen(socket);
      this.#close = close;
      this.#state = { ...shared, problem: null };
      giveTo(socket, gid, lstatSync(socket));
      chmodSync(socket, SOCKET_MODE);
    } catch (error) {
      this.close();
      throw new LbError('LB_ERR_SHARE', { socket, folder, group, uid: process.getuid?.() ?? 0, reason: reasonOf(error, group) });
    }
  }
}

/** Makes the folder, or takes one that is ours and for this socket alone. */
function openFolder(folder: string, socket: string, gid: number): void {
  try {
    mkdirSync(folder, { mode: FOLDER_MODE });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) throw new Error(`${folder} is not a directory`);
  if (stats.uid !== process.getuid?.()) throw new Error(`${folder} belongs to user ${stats.uid}`);
  if (readdirSync(folder).some((name) => name !== basename(socket))) throw new Error(`${folder} has other files, and becomes inaccessible to others`);
  giveTo(folder, gid, stats);
  if ((stats.mode & 0o777) !== FOLDER_MODE) chmodSync(folder, FOLDER_MODE | (stats.mode & SET_GID));
}

/** Only members of a group may give it something, unless it has it already. */
function giveTo(path: string, gid: number, { gid: its }: Stats): void {
  if (its !== gid) chownSync(path, -1, gid);
}

function reasonOf(error: unknown, group: string): string {
  if (error instanceof LbError) return String(error.details['reason'] ?? error.message);
  if (errnoOf(error) === 'EPERM') return `this user is not in the group ${group}, or was not when the daemon started`;
  return messageOf(error);
}
