import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { ExitReport } from '../../lifecycle/exit-report.ts';
import type { WorkerState } from '../../lifecycle/states.ts';
import type { Problem } from '../../protocol/bad-messages.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import type { Untaken } from '../handles/connection.ts';

/** Events of an app and its workers. Each part of the primary implements those it needs. */
export interface AppObserver<W> {
  /** The definition has changed. */
  onSpecChanged?(spec: AppSpec): void;
  onForked?(worker: W): void;
  onStateChanged?(worker: W, from: WorkerState): void;
  /** The worker wants to listen. The observer answers with `answerListen`. */
  onListen?(worker: W, seq: number, query: ListenQuery): void;
  /** Its set of listeners changed, or its channel closed. */
  onListenersChanged?(worker: W): void;
  /** With `direct`: it has stopped accepting from this socket. */
  onSocketReleased?(worker: W, key: string, index: number): void;
  /** It can receive another connection. */
  onFree?(worker: W): void;
  onNotTaken?(worker: W, connection: Untaken): void;
  /** The app sent a message of its own. */
  onMessage?(worker: W, message: unknown): void;
  /** A heartbeat arrived. */
  onBeat?(worker: W): void;
  /** The metrics of the app's `prom-client` registries as JSON; null if they could not be read. */
  onAppMetrics?(worker: W, id: number, text: string | null): void;
  onDrainChanged?(worker: W): void;
  /** A message from it, or from this primary to it, was malformed and ignored. */
  onBadMessage?(worker: W, from: string, problem: Problem): void;
  /** The process has exited; its last output may not have been read yet. */
  onExit?(worker: W, code: number | null, signal: string | null): void;
  /** The process has exited and its output has been read. */
  onClose?(worker: W, report: ExitReport): void;
}

/** Calls each observer that implements the event, in order. */
export type Notify<W> = <K extends keyof AppObserver<W>>(event: K, ...args: Parameters<NonNullable<AppObserver<W>[K]>>) => void;

/** @param observers must be complete before the first event, because the observers of each event are cached. */
export function notifier<W>(observers: readonly AppObserver<W>[]): Notify<W> {
  const byEvent = new Map<keyof AppObserver<W>, readonly AppObserver<W>[]>();
  return (event, ...args) => {
    let listening = byEvent.get(event);
    if (listening === undefined) {
      listening = observers.filter((observer) => observer[event] !== undefined);
      byEvent.set(event, listening);
    }
    for (const observer of listening) Reflect.apply(observer[event] as (...all: unknown[]) => void, observer, args);
  };
}
