import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppUser } from '../lifecycle/app-user.ts';
import { askAfter } from '../lifecycle/stop-ladder.ts';
import { parseLeftCommands, type LeftCommand } from '../protocol/left-commands.ts';
import { attempt, Malformed } from '../protocol/parser.ts';
import { now } from '../system/clock.ts';
import { killCommand, leftOfCommand, signalCommand } from '../system/command-session.ts';
import { readOfUser } from '../system/open-guarded.ts';
import { commandsFile } from '../system/paths.ts';
import { ownedBy } from '../system/process-owner.ts';
import { isAlive, signalGroup } from '../system/processes.ts';
import { pathsOfApp } from '../system/user-folder.ts';
import { readSaved } from './saved-file.ts';
import type { FileReports } from './unwritten.ts';

interface LeftCommandsOptions {
  /** Of the primary. */
  readonly name: string;
  readonly home: string;
  readonly reports: FileReports;
}

const CHECK_EVERY_MS = 50;

/** The commands of a dead primary: they do not notice its death, and would run twice. */
export class LeftCommands {
  readonly #fileOf: (primary: number) => string;
  readonly #reports: FileReports;
  readonly #user: () => AppUser | null;

  constructor({ name, home, reports }: LeftCommandsOptions, user: () => AppUser | null) {
    this.#user = user;
    this.#fileOf = (primary) => join(pathsOfApp({ user: user() }, home).primaries, commandsFile(name, primary));
    this.#reports = reports;
  }

  /** Those of the primary with this pid that live. A pid alone may be another process by now. */
  of(primary: number): readonly LeftCommand[] {
    const user = this.#user();
    const living = this.#noted(primary).filter(({ pid, startTime }) => isAlive(pid, startTime));
    return user === null ? living : living.filter(({ pid }) => ownedBy(user.uid, [pid]).length > 0);
  }

  #noted(primary: number): readonly LeftCommand[] {
    const path = this.#fileOf(primary);
    const user = this.#user();
    if (user === null) return readSaved({ path, parser: parseLeftCommands, reports: this.#reports, without: 'starting the app again' }) ?? [];
    const parsed = attempt(() => parseLeftCommands(readOfUser(path, user.uid)));
    return parsed instanceof Malformed ? [] : parsed;
  }

  /** They have ended. A file that stays names processes that are gone. */
  forget(primary: number): void {
    // Root removes nothing where another user decides what a path leads to.
    if (this.#user() !== null) return;
    try {
      rmSync(this.#fileOf(primary), { force: true });
    } catch {
      // The folder cannot be written now.
    }
  }
}

/** Asks each to end, most of its `kill_timeout` later its group, and kills at the end. Each resolves when nothing is left of it. */
export const commandsEnded = (commands: readonly LeftCommand[]): ReadonlyMap<LeftCommand, Promise<void>> =>
  new Map(commands.map((command) => [command, commandEnded(command)]));

async function commandEnded({ pid, killSignal, killTimeoutMs }: LeftCommand): Promise<void> {
  const beganAt = now();
  let hasAskedGroup = false;
  signalCommand(pid, killSignal);
  while (leftOfCommand(pid).length > 0) {
    await sleep(CHECK_EVERY_MS);
    const elapsedMs = now() - beganAt;
    if (elapsedMs >= killTimeoutMs) killCommand(pid);
    else if (elapsedMs >= askAfter(killTimeoutMs) && !hasAskedGroup) {
      signalGroup(pid, killSignal);
      hasAskedGroup = true;
    }
  }
}
