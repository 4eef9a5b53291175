import type { Readable } from 'node:stream';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { RawListener } from '../handles/raw-handles.ts';
import type { ToWorker, WorkerSettings } from '../../protocol/worker.ts';

/** What is needed to start a worker. */
interface WorkerLaunch {
  readonly spec: AppSpec;
  readonly slot: number;
  readonly settings: WorkerSettings;
  /** What a command inherits; null for nothing. */
  readonly socket: RawListener | null;
}

/** Events of a worker process. */
export interface WorkerProcessEvents {
  /** An unparsed message on the control channel, with its handle if it has one. */
  control(message: unknown, handle: unknown): void;
  /** A message from the app itself. */
  message(message: unknown): void;
  /** The channel closed. The process may still be running. */
  disconnect(): void;
  /** The process could not be started. `exit` follows. */
  startFailed(error: Error): void;
  /** Called once, as the last event. */
  exit(code: number | null, signal: string | null): void;
}

/** The outcome of sending a handle to a worker: one of the two is called, once. */
export interface SentHandle {
  taken(): void;
  /** The worker ran out of file descriptors, or its channel closed. */
  lost(): void;
}

/** The process of one worker. While its channel is closed, messages are dropped and handles are reported as lost. */
export interface WorkerProcess {
  /** 0 if the process could not be started. */
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Whether the channel is open. */
  readonly connected: boolean;
  /** Whether what its descendants use counts as its own. */
  readonly countsTree: boolean;
  /** Whether connections can be handed to it; a check of any other comes from outside, as a client does. */
  readonly takesConnections: boolean;
  /** What it lacks until its message `ready`, which alone makes it ready; null if its listeners or the definition decide. */
  readonly readyBy: string | null;
  control(message: ToWorker): void;
  controlWithHandle(message: ToWorker, handle: object, sent: SentHandle): void;
  /** Sends a message to the app. @param sent called when it is out, or cannot be sent */
  message(message: unknown, sent: () => void): void;
  signal(signal: NodeJS.Signals): void;
  /** Kills the process and its descendants with SIGKILL, except those that outlive it. */
  kill(): void;
}

/** Starts a worker. Its events come in a later turn of the event loop. @throws Error if the system refuses immediately. */
export type StartWorker = (launch: WorkerLaunch, events: WorkerProcessEvents) => WorkerProcess;
