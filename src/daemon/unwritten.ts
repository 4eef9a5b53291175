import { existsSync } from 'node:fs';
import { errnoOf, messageOf } from '../errors/lb-error.ts';

/** Takes reports about files of the home. */
export interface FileReports {
  /**
   * A file cannot be written. Reported once until `wrote`.
   * @param then what happens meanwhile, for people
   * @param again tries once more, and reports the outcome; null if the next write does
   */
  failed(path: string, error: unknown, then: string, again: (() => void) | null): void;
  wrote(path: string): void;
  /** A saved file was not usable. @param aside where it is now; null if it could not be renamed */
  unusable(message: string, aside: string | null): void;
}

interface Failure {
  readonly message: string;
  readonly again: (() => void) | null;
}

interface Notice {
  readonly message: string;
  readonly aside: string;
}

/** What the daemon cannot write at present: an event when that begins and when it is over, and tried again meanwhile. */
export class Unwritten implements FileReports {
  readonly #tell: (message: string) => void;
  readonly #failing = new Map<string, Failure>();
  #notices: readonly Notice[] = [];

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  get any(): boolean {
    return this.#failing.size > 0;
  }

  /** One sentence each, for people. A file that was set aside is mentioned until somebody removes it. */
  get messages(): readonly string[] {
    this.#notices = this.#notices.filter(({ aside }) => existsSync(aside));
    return [...this.#failing.values(), ...this.#notices].map(({ message }) => message);
  }

  failed(path: string, error: unknown, then: string, again: (() => void) | null): void {
    const isNew = !this.#failing.has(path);
    const message = `${path} cannot be written (${reasonOf(error)}); ${then}`;
    // Before it is told, because telling writes too.
    this.#failing.set(path, { message, again });
    if (isNew) this.#tell(message);
  }

  wrote(path: string): void {
    if (this.#failing.delete(path)) this.#tell(`${path} can be written again`);
  }

  unusable(message: string, aside: string | null): void {
    if (aside !== null) this.#notices = [...this.#notices, { message, aside }];
    this.#tell(message);
  }

  tryAgain(): void {
    for (const { again } of [...this.#failing.values()]) again?.();
  }
}

/** `EROFS: read-only file system`, without the call and its path. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  return errnoOf(error) === undefined ? message : message.replace(/, [a-z]+(?: '.*)?$/s, '');
}
