import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors/lb-error.ts';
import { byteSize } from '../../lifecycle/wording.ts';
import { memoryLeftBytes } from '../../system/memory-room.ts';
import { now } from '../../system/clock.ts';
import type { AppHandle } from '../app-handle.ts';
import type { PrimaryKeeper } from '../primary-keeper.ts';
import type { Registry } from '../registry.ts';

/** Primaries that lived through a change of the daemon connect within this time. */
const CONNECT_WITHIN_MS = 10_000;
/** A reload or another operation that is under way ends first. */
const OPERATION_WITHIN_MS = 600_000;
const POLL_MS = 100;

interface ReplacementsOptions {
  readonly registry: () => Registry;
  /** The build of this daemon; null if it is not known. */
  readonly own: string | null;
  readonly memoryLeftBytes?: () => number | null;
}

/** Replaces the primaries of other builds by those of this daemon's. */
export class Replacements {
  readonly #options: ReplacementsOptions;
  #isRunning = false;

  constructor(options: ReplacementsOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#isRunning;
  }

  /** Keepers of primaries that are, or may be, of another build. */
  outdated(): readonly PrimaryKeeper[] {
    return this.#options.registry().keepers.filter((keeper) => keeper.alive && keeper.program !== this.#options.own);
  }

  /** The builds that the primaries run; null while one has not said it. */
  programs(): readonly string[] | null {
    const programs = this.#options.registry().keepers.flatMap((keeper) => (keeper.alive ? [keeper.program] : []));
    return programs.every((program) => program !== undefined) ? programs : null;
  }

  /**
   * One after the other; their workers may drain at the same time. Resolves when the last old primary is gone.
   * @returns why some were not replaced
   */
  async replaceAll(step: (message: string) => void): Promise<readonly string[]> {
    const problems: string[] = [];
    const leaving: Promise<void>[] = [];
    this.#isRunning = true;
    try {
      const connectedBy = now() + CONNECT_WITHIN_MS;
      while (this.outdated().some((keeper) => keeper.attachment === null) && now() < connectedBy) await sleep(POLL_MS);
      for (const keeper of this.outdated()) {
        const apps = this.#appsOf(keeper);
        const names = apps.map(({ name }) => name).join(', ');
        const failed = (error: unknown): void => void problems.push(`${names}: ${messageOf(error)}`);
        try {
          await this.#ready(apps);
          await new Promise<void>((resolve, reject) => {
            const replaced = (): void => {
              step(`${names}: the primary is replaced`);
              resolve();
            };
            leaving.push(keeper.relieve(replaced).catch(reject));
          });
        } catch (error) {
          failed(error);
        }
      }
      await Promise.all(leaving);
    } finally {
      this.#isRunning = false;
    }
    return problems;
  }

  #appsOf(keeper: PrimaryKeeper): readonly AppHandle[] {
    return this.#options.registry().all.filter(({ name }) => keeper.runs(name));
  }

  /** @throws Error if now is not the time to replace their primary */
  async #ready(apps: readonly AppHandle[]): Promise<void> {
    const endsBy = now() + OPERATION_WITHIN_MS;
    let needed = 0;
    for (const app of apps) {
      let snapshot = await app.view.snapshot();
      while ((snapshot.operation !== null || app.starting) && now() < endsBy) {
        await sleep(POLL_MS);
        snapshot = await app.view.snapshot();
      }
      if (snapshot.operation !== null) throw new Error(`a ${snapshot.operation.kind} is running`);
      if (snapshot.listeners.length > 0 && !snapshot.socketsKept)
        throw new Error('its sockets are held by its primary alone; "lb restart" gives them to the daemon');
      needed += app.stopFirst ? 0 : (snapshot.memoryBytes ?? 0);
    }
    const left = (this.#options.memoryLeftBytes ?? memoryLeftBytes)();
    if (left !== null && left < needed)
      throw new Error(`not enough memory for new workers beside the old ones (${byteSize(needed)} needed, ${byteSize(left)} left)`);
  }
}
