import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAfter } from '../lifecycle/stop-ladder.ts';
import { parseLeftCommands, type LeftCommand } from '../protocol/left-commands.ts';
import { now } from '../system/clock.ts';
import { killCommand, leftOfCommand, signalCommand } from '../system/command-session.ts';
import { commandsFile } from '../system/paths.ts';
import { isAlive, signalGroup } from '../system/processes.ts';
import { readSaved } from './saved-file.ts';
import type { FileReports } from './unwritten.ts';

const CHECK_EVERY_MS = 50;

/** The commands of a dead primary: they do not notice its death, and would run twice. */
export class LeftCommands {
  readonly #fileOf: (primary: number) => string;
  readonly #reports: FileReports;

  constructor(primariesDir: string, name: string, reports: FileReports) {
    this.#fileOf = (primary) => join(primariesDir, commandsFile(name, primary));
    this.#reports = reports;
  }

  /** Those of the primary with this pid that live. A pid alone may be another process by now. */
  of(primary: number): readonly LeftCommand[] {
    const without = 'starting the app again';
    const noted = readSaved({ path: this.#fileOf(primary), parser: parseLeftCommands, reports: this.#reports, without }) ?? [];
    return noted.filter(({ pid, startTime }) => isAlive(pid, startTime));
  }

  /** They have ended. A file that stays names processes that are gone. */
  forget(primary: number): void {
    try {
      rmSync(this.#fileOf(primary), { force: true });
    } catch {
      // The folder cannot be written now.
    }
  }
}

/** Asks each to end, most of its `kill_timeout` later its group, and kills at the end. Resolves when nothing is left of them. */
export async function commandsEnded(commands: readonly LeftCommand[]): Promise<void> {
  await Promise.all(commands.map(commandEnded));
}

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
