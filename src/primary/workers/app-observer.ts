import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { ExitReport } from '../../lifecycle/exit-report.ts';
import type { WorkerState } from '../../lifecycle/states.ts';
import type { Problem } from '../../protocol/bad-messages.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import type { Untaken } from '../handles/connection.ts';

/** Events of an app and its workers, with what they tell. */
interface AppEvents<W> {
  /** The definition has changed. */
  onSpecChanged: [spec: AppSpec];
  onForked: [worker: W];
  onStateChanged: [worker: W, from: WorkerState];
  /** The worker wants to listen. The observer answers with `answerListen`. */
  onListen: [worker: W, seq: number, query: ListenQuery];
  /** It closed this listener, maybe because it is leaving. */
  onUnlisten: [worker: W, key: string];
  /** Its set of listeners changed, or its channel closed. */
  onListenersChanged: [worker: W];
  /** It accepts from a lent socket now, or no longer. */
  onAccepting: [worker: W, socket: { readonly key: string; readonly on: boolean }];
  /** It can receive another connection. */
  onFree: [worker: W];
  onNotTaken: [worker: W, connection: Untaken];
  /** The app sent a message of its own. */
  onMessage: [worker: W, message: unknown];
  /** A heartbeat arrived. */
  onBeat: [worker: W];
  /** The metrics of the app's `prom-client` registries as JSON; null if they could not be read. */
  onAppMetrics: [worker: W, id: number, text: string | null];
  onDrainChanged: [worker: W];
  /** A message from it, or from this primary to it, was malformed and ignored. */
  onBadMessage: [worker: W, from: string, problem: Problem];
  /** The process has exited; its last output may not have been read yet. */
  onExit: [worker: W, code: number | null, signal: string | null];
  /** The process has exited and its output has been read. */
  onClose: [worker: W, report: ExitReport];
}

/** Each part of the primary implements the events it needs. */
export type AppObserver<W> = { readonly [K in keyof AppEvents<W>]?: (...args: AppEvents<W>[K]) => void };

/** Calls each observer that implements the event, in order. */
export type Notify<W> = <K extends keyof AppEvents<W>>(event: K, ...args: AppEvents<W>[K]) => void;

/** @param observers must be complete before the first event, because the observers of each event are cached. */
export function notifier<W>(observers: readonly AppObserver<W>[]): Notify<W> {
  const byEvent = new Map<keyof AppObserver<W>, readonly AppObserver<W>[]>();
  return (event, ...args) => {
    let listening = byEvent.get(event);
    if (listening === undefined) {
      listening = observers.filter((observer) => observer[event] !== undefined);
      byEvent.set(event, listening);
    }
    for (const observer of listening) observer[event]?.(...args);
  };
}
