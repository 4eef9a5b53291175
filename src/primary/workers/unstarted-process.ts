import type { SentHandle, WorkerProcess, WorkerProcessEvents } from './worker-process.ts';

/** A worker that the system refused to start. It ends in the next turn, like one that exits at once. */
export class UnstartedProcess implements WorkerProcess {
  readonly countsTree = false;
  readonly takesConnections = false;
  readonly readyBy = null;
  readonly pid = 0;
  readonly stdout = null;
  readonly stderr = null;
  readonly connected = false;

  constructor(error: Error, events: WorkerProcessEvents) {
    setImmediate(() => {
      events.startFailed(error);
      events.exit(null, null);
    });
  }

  control(): void {}

  controlWithHandle(_message: object, _handle: object, sent: SentHandle): void {
    sent.lost();
  }

  message(_message: unknown, sent: () => void): void {
    sent();
  }

  signal(): void {}

  kill(): void {}
}
