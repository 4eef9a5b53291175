import type { Readable } from 'node:stream';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { WorkerSettings } from '../../protocol/worker.ts';

/** What a worker is started from. */
interface WorkerLaunch {
  readonly spec: AppSpec;
  readonly slot: number;
  readonly settings: WorkerSettings;
}

/** What a worker's process reports. */
export interface WorkerProcessEvents {
  /** A message on the control channel, with the handle that came along; not parsed. */
  control(message: unknown, handle: unknown): void;
  /** A message of the app's own. */
  message(message: unknown): void;
  /** The channel is closed; the process may still run. */
  disconnect(): void;
  /** The process could not be started; `exit` follows. */
  startFailed(error: Error): void;
  /** Once, and last. */
  exit(code: number | null, signal: string | null): void;
}

/** What becomes of a handle that was sent to a worker: one of the two, once. */
export interface SentHandle {
  taken(): void;
  /** The worker is out of file descriptors, or its channel closed. */
  lost(): void;
}

/** How one worker's process is reached and ended. What is sent while the channel is closed is dropped; handles are reported lost. */
export interface WorkerProcess {
  /** 0 when it could not be started. */
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The channel is open. */
  readonly connected: boolean;
  control(message: object): void;
  controlWithHandle(message: object, handle: object, sent: SentHandle): void;
  message(message: string): void;
  signal(signal: NodeJS.Signals): void;
  /** Ends it and its descendants with SIGKILL. */
  kill(): void;
}

/** Starts a worker. Events begin in a later turn of the event loop. @throws Error when the system refuses at once */
export type StartWorker = (launch: WorkerLaunch, events: WorkerProcessEvents) => WorkerProcess;
