/** What the operator wants of one app: resolved, complete, every path absolute. Made by `config`, kept by the daemon, carried out by the primary. */
export interface AppSpec {
  /** Unique in a daemon; letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** Absolute path of the script the workers run as their main module. */
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Wanted workers, at least 1. */
  readonly instances: number;
  /** Absolute path of the Node.js binary for the primary and the workers. */
  readonly interpreter: string;
  readonly nodeArgs: readonly string[];
  /** The workers' whole environment; the instance variable is added per worker. */
  readonly env: Readonly<Record<string, string>>;
  /** Name of the variable that carries the slot number. */
  readonly instanceVar: string;
  /** Ready only on `process.send('ready')`. */
  readonly waitReady: boolean;
  readonly listenTimeoutMs: number;
  readonly killTimeoutMs: number;
  /** Send the message `shutdown` instead of a signal. */
  readonly shutdownWithMessage: boolean;
  /** Soft limit on resident memory per worker; null is off. */
  readonly maxMemoryBytes: number | null;
  readonly autorestart: boolean;
  readonly minUptimeMs: number;
  /** Unstable restarts in a row before a slot is errored. */
  readonly maxRestarts: number;
  /** Fixed delay before a restart; null takes the exponential backoff. */
  readonly restartDelayMs: number | null;
  /** First delay of the exponential backoff. */
  readonly backoffBaseMs: number;
  /** Exit codes after which a worker is not restarted. */
  readonly stopExitCodes: readonly number[];
  /** Files of the workers' stdout and stderr; null writes none. With `mergeLogs` false a `-<slot>` goes before the extension. */
  readonly outFile: string | null;
  readonly errorFile: string | null;
  readonly mergeLogs: boolean;
  /** A log file is rotated when it reaches this size. */
  readonly logMaxBytes: number;
  /** Rotated files kept beside the current one, gzipped but the newest. */
  readonly logKeep: number;
}

export const APP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
