import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { killWorkerTree } from '../../system/worker-tree.ts';
import { HandleLedger } from './handle-ledger.ts';
import type { SentHandle, WorkerProcess, WorkerProcessEvents } from './worker-process.ts';

/** Node's types allow less than JSON does. */
interface AppChannel {
  send(message: unknown, handle: undefined, options: undefined, done: () => void): boolean;
}

/** A worker process that runs as a Node child process with an IPC channel. */
export class IpcProcess implements WorkerProcess {
  readonly countsTree = false;
  readonly takesConnections = true;
  readonly readyBy = null;
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly #child: ChildProcess;
  readonly #handles: HandleLedger;
  readonly #killTree: (pid: number) => void;

  constructor(child: ChildProcess, events: WorkerProcessEvents, kill: (pid: number) => void = killWorkerTree) {
    this.#child = child;
    this.#killTree = kill;
    this.#handles = new HandleLedger(child);
    this.pid = child.pid ?? 0;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    child.on('internalMessage', (message: unknown, handle: unknown) => {
      if (!this.#handles.acknowledge(message)) events.control(message, handle);
    });
    child.on('message', (message) => events.message(message));
    // The channel can close long before the process ends, for example if the app calls process.disconnect().
    child.once('disconnect', () => events.disconnect());
    let ended = false;
    const exited = (code: number | null, signal: string | null): void => {
      if (ended) return;
      ended = true;
      events.exit(code, signal);
      this.#handles.abandon();
    };
    child.once('exit', exited);
    child.on('error', (error) => {
      // If a send fails because the process died, its exit event follows. A process that never started has no exit event.
      if (this.pid !== 0 || ended) return;
      events.startFailed(error);
      exited(null, null);
    });
  }

  get connected(): boolean {
    return this.#child.connected;
  }

  control(message: object): void {
    if (this.#child.connected) this.#child.send(message);
  }

  controlWithHandle(message: object, handle: object, sent: SentHandle): void {
    this.#handles.send(message, handle, sent);
  }

  message(message: unknown, sent: () => void): void {
    const channel: AppChannel = this.#child;
    if (this.#child.connected) channel.send(message, undefined, undefined, sent);
    else sent();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  kill(): void {
    this.#killTree(this.pid);
  }
}
