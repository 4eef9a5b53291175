import { closeSync, fstatSync, statSync, writeSync } from 'node:fs';
import { now, wallNow } from '../system/clock.ts';
import { appendGuarded } from '../system/open-guarded.ts';
import type { FileReports } from './unwritten.ts';

const RETRY_MS = 1_000;

/**
 * The log file of a daemon in the background. What cannot be written is left out and counted; the file is opened anew after that, and when
 * another file, or none, is in its place.
 */
export class DaemonLog {
  reports: Pick<FileReports, 'failed' | 'wrote'> | null = null;
  readonly #path: string;
  #fd: number | null = null;
  #retryAt = 0;
  #lost = 0;

  constructor(path: string) {
    this.#path = path;
  }

  readonly write = (message: string): void => {
    if (this.#lost > 0 && now() < this.#retryAt) this.#lost++;
    else this.#tryToWrite(message);
  };

  #tryToWrite(message: string): void {
    try {
      if (this.#fd !== null && !this.#isInPlace(this.#fd)) this.#close();
      this.#fd ??= appendGuarded(this.#path);
      if (this.#lost > 0) {
        writeSync(this.#fd, line(`the log can be written again; ${this.#lost} lines were lost`));
        this.#lost = 0;
      }
      writeSync(this.#fd, line(message));
    } catch (error) {
      this.#close();
      this.#lost++;
      this.#retryAt = now() + RETRY_MS;
      this.reports?.failed(this.#path, error, 'what the daemon logs is lost until it can', () => this.#tryToWrite('trying to write the log'));
      return;
    }
    this.reports?.wrote(this.#path);
  }

  #isInPlace(fd: number): boolean {
    const [opened, found] = [fstatSync(fd), statSync(this.#path, { throwIfNoEntry: false })];
    return found !== undefined && opened.ino === found.ino && opened.dev === found.dev;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return;
    try {
      closeSync(fd);
    } catch {
      // It is closed, whatever could not be written.
    }
  }
}

/** A line of the daemon's log. */
export const line = (message: string): string => `${new Date(wallNow()).toISOString()} ${message}\n`;
