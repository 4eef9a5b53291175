import type { ChokidarOptions, FSWatcher } from 'chokidar';

interface WatchedFiles {
  readonly paths: readonly string[];
  readonly ignored: (path: string) => boolean;
  readonly options: Pick<ChokidarOptions, 'usePolling'>;
}

interface WatchEvents {
  /** A file was added, changed or removed. */
  readonly changed: (path: string) => void;
  readonly failed: (error: unknown) => void;
}

/** Watches files and folders. @returns how to end it */
export async function watchFiles({ paths, ignored, options }: WatchedFiles, { changed, failed }: WatchEvents): Promise<() => Promise<void>> {
  const { watch } = await import('chokidar');
  const watcher: FSWatcher = watch([...paths], { ...options, ignored, ignoreInitial: true });
  for (const kind of ['add', 'change', 'unlink'] as const) watcher.on(kind, (path: string) => changed(path));
  watcher.on('error', failed);
  return () => watcher.close();
}

export type WatchFiles = typeof watchFiles;
