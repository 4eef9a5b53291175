import type { ReadStream, WriteStream } from 'node:tty';
import { KeyReader, type Key } from './keys.ts';

/** Alternate screen, no cursor, no automatic line break, wheel events as SGR sequences. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?1000h\x1b[?1006h';
const LEAVE = '\x1b[?1006l\x1b[?1000l\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l';
/** Terminals with synchronized output show everything in between at once; others ignore it. */
const SYNC = ['\x1b[?2026h', '\x1b[?2026l'] as const;
/** If nothing follows an escape byte within this time, it is the Escape key. Long enough for ssh. */
const ESCAPE_MS = 60;
const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

export interface Tty {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

export interface TerminalEvents {
  key(key: Key): void;
  /** The size changed, or the screen content is unknown: redraw everything. */
  readonly changed: () => void;
  /** The terminal was closed. */
  readonly closed: () => void;
}

/** A terminal in raw mode with the alternate screen. It is restored however the process ends. */
export class Terminal {
  readonly #tty: Tty;
  readonly #events: TerminalEvents;
  readonly #keys = new KeyReader();
  #escapeTimer: NodeJS.Timeout | null = null;
  #entered = false;

  constructor(tty: Tty, events: TerminalEvents) {
    this.#tty = tty;
    this.#events = events;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#tty.output;
    return { columns: Math.max(1, columns), rows: Math.max(1, rows) };
  }

  open(): void {
    const { input, output } = this.#tty;
    input.on('data', this.#read);
    input.on('end', this.#events.closed);
    input.on('error', this.#events.closed);
    output.on('resize', this.#events.changed);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#endBy);
    process.on('SIGTSTP', this.suspend);
    process.on('SIGCONT', this.#continue);
    process.on('exit', this.#leave);
    // Restores the main screen first, so that the stack trace is printed there.
    process.on('uncaughtExceptionMonitor', this.#leave);
    this.#enter();
  }

  close(): void {
    const { input, output } = this.#tty;
    this.#leave();
    input.off('data', this.#read);
    input.off('end', this.#events.closed);
    output.off('resize', this.#events.changed);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#endBy);
    process.off('SIGTSTP', this.suspend);
    process.off('SIGCONT', this.#continue);
    process.off('exit', this.#leave);
    process.off('uncaughtExceptionMonitor', this.#leave);
    if (this.#escapeTimer !== null) clearTimeout(this.#escapeTimer);
  }

  write(text: string): void {
    if (this.#entered && text !== '') this.#tty.output.write(SYNC[0] + text + SYNC[1]);
  }

  /** Restores the terminal and suspends the process until SIGCONT. */
  readonly suspend = (): void => {
    this.#leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #continue = (): void => {
    // The shell may have changed the modes, so set them again in any case.
    this.#leave();
    this.#enter();
    this.#events.changed();
  };

  /** Ends with the signal's default action, so that the parent process sees the signal. */
  readonly #endBy = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };

  readonly #read = (bytes: Buffer): void => {
    if (this.#escapeTimer !== null) clearTimeout(this.#escapeTimer);
    this.#escapeTimer = null;
    for (const key of this.#keys.read(bytes)) this.#events.key(key);
    if (!this.#keys.waiting) return;
    this.#escapeTimer = setTimeout(() => {
      for (const key of this.#keys.flush()) this.#events.key(key);
    }, ESCAPE_MS);
  };

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#tty.input.setRawMode(true);
    this.#tty.input.resume();
    this.#tty.output.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    try {
      this.#tty.input.setRawMode(false);
    } catch {
      // The terminal was closed: there is nothing to restore.
    }
    this.#tty.input.pause();
    this.#tty.output.write(LEAVE);
  };
}
