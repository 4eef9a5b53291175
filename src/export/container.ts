import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { roomyGrace } from '../lifecycle/stop-ladder.ts';
import type { ExportRequest } from './export-request.ts';

const MIB = 1024 ** 2;
/** What daemon and primary use, and a margin. */
const OWN_BYTES = 128 * MIB;

/** Time between two checks of a container by its engine, limit of one, and failures in a row. `lb` checks its workers itself. */
export const CONTAINER_CHECK = { intervalS: 10, timeoutS: 5, retries: 3 } as const;

/** The command of a container that runs one app of the definition, or all of them. */
export function runCommand({ file, envName }: ExportRequest, app: AppSpec | null, flags: readonly string[] = []): string[] {
  return ['lb', 'run', file, ...(app === null ? [] : ['--only', app.name]), ...(envName === null ? [] : ['--env', envName]), ...flags];
}

/** How long an engine waits for a stop before it kills, in seconds: what the definition says, or what its drain needs. */
export function graceSeconds(spec: AppSpec): number {
  return Math.ceil((spec.stopGraceMs ?? roomyGrace(spec)) / 1_000);
}

/** Memory for a number of workers, one more during a replacement, and `lb` itself; null if the definition limits no worker. */
export function memoryLimit({ maxMemoryBytes, maxMemoryKillBytes }: AppSpec, workers: number): number | null {
  const largest = Math.max(maxMemoryBytes ?? 0, maxMemoryKillBytes ?? 0);
  return largest === 0 ? null : (workers + 1) * largest + OWN_BYTES;
}

/** In whole MiB, rounded up. */
export const mebibytes = (bytes: number): number => Math.ceil(bytes / MIB);

/** Whether old and new container may run at the same time. As for workers: not if the app says so, nor if it serves no port. */
export const mayOverlap = ({ overlap, kind }: AppSpec, port: number | null): boolean => overlap ?? (port !== null || kind === 'cluster');

export const memoryNote = ({ name }: AppSpec): string => `"${name}" has no max_memory_restart, so no memory limit is written`;

/** @throws LbError LB_ERR_EXPORT if an image of the project would lack what the app needs */
export function refuseOutside(apps: readonly AppSpec[], directory: string, target: string): void {
  for (const { name, script, cwd, kind, interpreter } of apps) {
    const outside = [cwd, ...(kind === 'command' ? [] : [script])].find((path) => isOutside(path, directory));
    if (outside !== undefined) {
      const problem = `${outside}, which "${name}" needs, is outside of ${directory}; move the config file to a directory that contains both`;
      throw new LbError('LB_ERR_EXPORT', { target, problem });
    }
    if (kind === 'command' && isOutside(script, directory)) {
      throw new LbError('LB_ERR_EXPORT', { target, problem: `"${name}" is not a Node.js app but runs ${script}, which an image of Node.js lacks` });
    }
    if (interpreter !== null) {
      throw new LbError('LB_ERR_EXPORT', { target, problem: `"${name}" has an interpreter of its own, ${interpreter}, which an image of Node.js lacks` });
    }
  }
}

const isOutside = (path: string, directory: string): boolean => path !== directory && !path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
