import { relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../errors/lb-error.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import { atChange } from '../../lifecycle/trigger.ts';
import { ignores, settledAt, type WatchSpec } from '../../lifecycle/watch-spec.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import { now } from '../../system/clock.ts';
import type { WatchFiles } from '../../system/watch-files.ts';
import type { WorkerObserver } from '../workers/worker-handle.ts';
import type { Revival } from './revival.ts';

type Watched = Pick<AppSpec, 'cwd' | 'outFile' | 'errorFile' | 'logFile' | 'pidFile'> & { readonly watch: WatchSpec };

interface FileWatchOptions {
  readonly revival: Pick<Revival, 'facts' | 'carryOut'>;
  readonly watchFiles: WatchFiles;
  /** The folder of `lb`. */
  readonly home: string;
  readonly event: EmitEvent;
}

/** Waits for changes of the files that `watch` names. */
export class FileWatch implements WorkerObserver {
  readonly #options: FileWatchOptions;
  #watched: Watched | null = null;
  #close: (() => Promise<void>) | null = null;
  /** Paths that have changed; empty while nothing waits. */
  readonly #changed = new Set<string>();
  #firstAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  onSpecChanged({ watch, cwd, outFile, errorFile, logFile, pidFile }: AppSpec): void {
    const watched = watch === null ? null : { watch, cwd, outFile, errorFile, logFile, pidFile };
    if (isDeepStrictEqual(watched, this.#watched)) return;
    this.stop();
    this.#watched = watched;
    if (watched !== null) void this.#begin(watched);
  }

  stop(): void {
    this.#watched = null;
    this.#forget();
    void this.#close?.();
    this.#close = null;
  }

  async #begin(watched: Watched): Promise<void> {
    const { cwd, watch } = watched;
    const { paths, ignore, options } = watch;
    const own = [watched.outFile, watched.errorFile, watched.logFile, watched.pidFile].filter((file) => file !== null);
    try {
      const close = await this.#options.watchFiles(
        { paths, options, ignored: ignores({ home: this.#options.home, own, cwd, paths, ignore }) },
        { changed: (path) => this.#noted(path), failed: (error) => this.#failed(error) },
      );
      if (this.#watched === watched) this.#close = close;
      else await close();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const advice = 'if the system has too few watches, raise fs.inotify.max_user_watches, or set watch_options.usePolling';
    this.#options.event('watch', `files cannot be watched: ${messageOf(error)} (${advice})`, undefined, { action: 'skip' });
  }

  #noted(path: string): void {
    if (this.#watched === null) return;
    const at = now();
    if (this.#changed.size === 0) this.#firstAt = at;
    this.#changed.add(path);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#act(), settledAt(this.#firstAt, at, this.#watched.watch.delayMs) - at).unref();
  }

  #act(): void {
    if (this.#watched === null) return;
    const [first = '', ...others] = this.#changed;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    const cause = `${relative(this.#watched.cwd, first) || first}${more} changed`;
    this.#forget();
    const { revival } = this.#options;
    revival.carryOut(atChange(revival.facts), 'watch', cause);
  }

  #forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#changed.clear();
  }
}
