import { copyFileSync, existsSync } from 'node:fs';
import { completeSpec } from '../config/spec-settings.ts';
import { messageOf } from '../errors/lb-error.ts';
import { fileNameOf } from '../lifecycle/app-name.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { NO_FOOTPRINT, type Footprint } from '../lifecycle/replacement.ts';
import { appSpec } from '../protocol/parse-app-spec.ts';
import { FOOTPRINT } from '../protocol/parse-snapshot.ts';
import { boolean, fieldsOf, integer, list, nullable, object, oneOf, string } from '../protocol/parser.ts';
import { asideName, isOfNewerVersion, readSaved, savedText } from './saved-file.ts';
import { SavedText } from './saved-text.ts';
import { KNOWS_USERS } from './saved-version.ts';
import type { FileReports } from './unwritten.ts';

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
  /** It has ended, and waits for what starts it again. */
  readonly resting: boolean;
  /** Of its slots. */
  readonly ids: readonly number[];
  /** The name of the primary that runs it. */
  readonly primary: string;
}

/** Where an upgrade keeps the state that this build wrote last. */
export const stateOf = (state: string, program: string): string => state.replace(/\.json$/, `.${program}.json`);

/** The desired state on disk. Saved at every change, so that running apps start again after a reboot. */
export class Store {
  readonly #path: string;
  readonly #reports: FileReports;
  readonly #file: SavedText;
  readonly #program: string | null;

  /** @param program the id of the build that runs; null if it is not known */
  constructor(path: string, reports: FileReports, program: string | null = null) {
    this.#path = path;
    this.#reports = reports;
    this.#program = program;
    this.#file = new SavedText({ path, reports, without: 'if the machine restarts before it can, apps come back as they were saved last' });
  }

  /**
   * Loads the saved apps. What can't be read is kept under another name: the whole file, or a copy if only some apps are
   * invalid; the others are loaded.
   * @throws LbError LB_ERR_NEWER_STATE
   */
  load(): SavedApp[] {
    this.#restoreOwn();
    const saved = readSaved({ path: this.#path, parser: savedApps, reports: this.#reports, without: 'starting with no apps', refuseNewer: true });
    return saved === null ? [] : this.#parse(saved.apps);
  }

  /** After an upgrade was taken back: the file of the newer version is kept beside what this one wrote last. */
  #restoreOwn(): void {
    const own = this.#program === null ? null : stateOf(this.#path, this.#program);
    if (own === null || !existsSync(own) || !isOfNewerVersion(this.#path)) return;
    const { aside, outcome } = keepCopy(this.#path);
    copyFileSync(own, this.#path);
    this.#reports.unusable(`${this.#path} was written by a newer version; ${outcome}, and what this version wrote last is used: ${own}`, aside);
  }

  #parse(apps: readonly unknown[]): SavedApp[] {
    const problems: string[] = [];
    const saved = apps.flatMap((entry, index) => {
      try {
        const saved = savedApp({ generation: 1, error: null, footprint: NO_FOOTPRINT, resting: false, ids: [], primary: '', ...fieldsOf(entry) });
        // Of an older version, where each app had its own.
        return [saved.primary === '' ? { ...saved, primary: fileNameOf(saved.spec.name) } : saved];
      } catch (error) {
        problems.push(`apps[${index}]: ${messageOf(error)}`);
        return [];
      }
    });
    if (problems.length > 0) {
      const { aside, outcome } = keepCopy(this.#path);
      this.#reports.unusable(`${this.#path}: ${problems.length} of ${apps.length} apps cannot be read (${problems.join('; ')}); ${outcome}`, aside);
    }
    return saved;
  }

  /** Resolves when it is on disk, or could not be written; then it is tried again. */
  save(apps: readonly SavedApp[]): Promise<void> {
    const needed = apps.some(({ spec }) => spec.user !== null) ? KNOWS_USERS : undefined;
    return this.#file.save(savedText({ apps }, 1, needed));
  }
}

function keepCopy(path: string): { readonly aside: string | null; readonly outcome: string } {
  const aside = asideName(path);
  try {
    copyFileSync(path, aside);
    return { aside, outcome: `a copy is kept as ${aside}` };
  } catch (error) {
    return { aside: null, outcome: `no copy could be made (${messageOf(error)})` };
  }
}

const savedApp = object<SavedApp>({
  spec: (value) => appSpec(completeSpec(value)),
  desired: oneOf(DESIRED_STATES),
  generation: integer(0),
  error: nullable(string),
  footprint: object<Footprint>(FOOTPRINT),
  resting: boolean,
  ids: list(integer(0)),
  primary: string,
});

const savedApps = object<{ readonly apps: readonly unknown[] }>({ apps: list((app) => app) });
