import { rmSync } from 'node:fs';
import { messageOf } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { LeftCommand } from '../../protocol/left-commands.ts';
import { writeFileNow } from '../../system/atomic-file.ts';
import { startTimeOf } from '../../system/processes.ts';

/**
 * The file that names the commands of a primary: they do not notice its death, so whoever starts the next one ends them first. Written
 * in the turn in which one starts.
 */
export class CommandRecord {
  readonly #file: string;
  readonly #tell: (problem: string) => void;
  readonly #commands = new Map<number, LeftCommand>();
  #isFailing = false;

  /** @param tell called when it can no longer be written */
  constructor(file: string, tell: (problem: string) => void) {
    this.#file = file;
    this.#tell = tell;
  }

  add(pid: number, { name, killSignal, killTimeoutMs }: Pick<AppSpec, 'name' | 'killSignal' | 'killTimeoutMs'>): void {
    const startTime = startTimeOf(pid);
    if (startTime === null) return;
    this.#commands.set(pid, { app: name, pid, startTime, killSignal: killSignal ?? 'SIGTERM', killTimeoutMs });
    this.#write();
  }

  remove(pid: number): void {
    if (this.#commands.delete(pid)) this.#write();
  }

  #write(): void {
    try {
      if (this.#commands.size === 0) rmSync(this.#file, { force: true });
      else writeFileNow(this.#file, JSON.stringify({ version: 1, commands: [...this.#commands.values()] }));
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#tell(`${this.#file} cannot be written (${messageOf(error)}); should this primary be killed, its commands go on beside the next ones`);
      this.#isFailing = true;
    }
  }
}
