import { copyFileSync } from 'node:fs';
import { completeSpec } from '../config/spec-settings.ts';
import { messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { NO_FOOTPRINT, type Footprint } from '../lifecycle/replacement.ts';
import { appSpec } from '../protocol/parse-app-spec.ts';
import { FOOTPRINT } from '../protocol/parse-snapshot.ts';
import { fieldsOf, integer, list, nullable, object, oneOf, string } from '../protocol/parser.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { asideName, readSaved, savedText } from './saved-file.ts';

const DESIRED_STATES = ['running', 'stopped', 'errored'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** The saved state of an app. */
export interface SavedApp {
  readonly spec: AppSpec;
  readonly desired: DesiredState;
  readonly generation: number;
  /** Why it is errored; null if it is not. */
  readonly error: string | null;
  /** What was seen of it in all its lives. */
  readonly footprint: Footprint;
}

/** The desired state on disk. Saved at every change, so that running apps start again after a reboot. */
export class Store {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: (message: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  /**
   * Loads the saved apps. What can't be read is kept under another name: the whole file, or a copy if only some apps are
   * invalid; the others are loaded.
   */
  load(): SavedApp[] {
    const saved = readSaved({ path: this.#path, parser: savedApps, log: this.#log, without: 'starting with no apps' });
    return saved === null ? [] : this.#parse(saved.apps);
  }

  #parse(apps: readonly unknown[]): SavedApp[] {
    const problems: string[] = [];
    const saved = apps.flatMap((entry, index) => {
      try {
        return [savedApp({ generation: 1, error: null, footprint: NO_FOOTPRINT, ...fieldsOf(entry) })];
      } catch (error) {
        problems.push(`apps[${index}]: ${messageOf(error)}`);
        return [];
      }
    });
    if (problems.length > 0) {
      const aside = asideName(this.#path);
      copyFileSync(this.#path, aside);
      this.#log(`${this.#path}: ${problems.length} of ${apps.length} apps cannot be read (${problems.join('; ')}); a copy is kept as ${aside}`);
    }
    return saved;
  }

  /** Saves after all earlier saves. A failure is logged; the next save tries again. */
  save(apps: readonly SavedApp[]): Promise<void> {
    const text = savedText({ apps }, 1);
    this.#writing = this.#writing
      .then(() => writeFileAtomic(this.#path, text))
      .catch((error: unknown) => this.#log(`cannot save ${this.#path}: ${messageOf(error)}`));
    return this.#writing;
  }
}

const savedApp = object<SavedApp>({
  spec: (value) => appSpec(completeSpec(value)),
  desired: oneOf(DESIRED_STATES),
  generation: integer(0),
  error: nullable(string),
  footprint: object<Footprint>(FOOTPRINT),
});

const savedApps = object<{ readonly apps: readonly unknown[] }>({ apps: list((app) => app) });
