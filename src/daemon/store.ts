import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { completeSpec } from '../config/spec-settings.ts';
import { errnoOf, messageOf } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { parseAppSpec } from '../protocol/parse-requests.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { wallNow } from '../system/clock.ts';

const DESIRED_STATES = ['running', 'stopped', 'errored'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** What is remembered of an app. */
export interface SavedApp {
  readonly spec: AppSpec;
  readonly desired: DesiredState;
  readonly generation: number;
  /** Why it is errored. */
  readonly error: string | null;
}

/** The desired state on disk: saved at every change, so that what ran runs again after a reboot. */
export class Store {
  readonly #path: string;
  readonly #log: (message: string) => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: (message: string) => void) {
    this.#path = path;
    this.#log = log;
  }

  /**
   * What was saved. What cannot be read is set aside and never overwritten: the whole file, or a copy of it when single
   * apps in it are of no use (saved by another version); the others are brought back.
   */
  load(): SavedApp[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#log(`cannot read ${this.#path}: ${messageOf(error)}`);
      return [];
    }
    try {
      return this.#parse(JSON.parse(text));
    } catch (error) {
      const aside = this.#asideName();
      renameSync(this.#path, aside);
      this.#log(`${this.#path} cannot be read (${messageOf(error)}); kept as ${aside}, starting with no apps`);
      return [];
    }
  }

  #parse(value: unknown): SavedApp[] {
    const { apps } = value as { apps?: unknown };
    if (!Array.isArray(apps)) throw new Error('no list of apps');
    const problems: string[] = [];
    const saved = apps.flatMap((entry: unknown, index) => {
      try {
        return [parseApp(entry)];
      } catch (error) {
        problems.push(`apps[${index}]: ${messageOf(error)}`);
        return [];
      }
    });
    if (problems.length > 0) {
      const aside = this.#asideName();
      copyFileSync(this.#path, aside);
      this.#log(`${this.#path}: ${problems.length} of ${apps.length} apps cannot be read (${problems.join('; ')}); a copy is kept as ${aside}`);
    }
    return saved;
  }

  #asideName(): string {
    return `${this.#path}.unreadable-${wallNow()}`;
  }

  /** Saves after all earlier saves; a failure is logged and the next save tries again. */
  save(apps: readonly SavedApp[]): Promise<void> {
    const text = JSON.stringify({ version: 1, apps }, null, 1);
    this.#writing = this.#writing
      .then(() => writeFileAtomic(this.#path, text))
      .catch((error: unknown) => this.#log(`cannot save ${this.#path}: ${messageOf(error)}`));
    return this.#writing;
  }
}

function parseApp(entry: unknown): SavedApp {
  const { spec, desired, generation, error } = entry as Record<string, unknown>;
  const state = DESIRED_STATES.find((name) => name === desired);
  if (state === undefined) throw new Error(`unknown desired state ${String(desired)}`);
  return {
    spec: parseAppSpec(completeSpec(spec)),
    desired: state,
    generation: typeof generation === 'number' ? generation : 1,
    error: typeof error === 'string' ? error : null,
  };
}
