import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { ExitReport } from '../../lifecycle/exit-report.ts';
import type { WorkerState } from '../../lifecycle/states.ts';
import type { ListenQuery } from '../../protocol/worker.ts';
import type { Untaken } from '../handles/connection.ts';

/** What happens to an app and its workers. Each part of the primary implements what concerns it. */
export interface AppObserver<W> {
  /** The definition is another one from now on. */
  onSpecChanged?(spec: AppSpec): void;
  onForked?(worker: W): void;
  onStateChanged?(worker: W, from: WorkerState): void;
  /** It wants to listen; to be answered with `answerListen`. */
  onListen?(worker: W, seq: number, query: ListenQuery): void;
  /** The listeners it serves changed, or connections reach it no longer. */
  onListenersChanged?(worker: W): void;
  /** `direct`: it has stopped accepting from this socket. */
  onSocketReleased?(worker: W, key: string, index: number): void;
  /** It can have another connection. */
  onFree?(worker: W): void;
  onNotTaken?(worker: W, connection: Untaken): void;
  /** The app sent a message. */
  onMessage?(worker: W, message: unknown): void;
  /** A heartbeat came. */
  onBeat?(worker: W): void;
  /** What the app's own `prom-client` registry has; null when that could not be read. */
  onAppMetrics?(worker: W, id: number, text: string | null): void;
  onDrainChanged?(worker: W): void;
  /** The process is gone; its last output may still be on the way. */
  onExit?(worker: W, code: number | null, signal: string | null): void;
  /** Everything about its end is known. */
  onClose?(worker: W, report: ExitReport): void;
}

/** Calls each observer that implements the event, in order. */
export type Notify<W> = <K extends keyof AppObserver<W>>(event: K, ...args: Parameters<NonNullable<AppObserver<W>[K]>>) => void;

/** @param observers complete before the first event: who observes what is looked up once. */
export function notifier<W>(observers: readonly AppObserver<W>[]): Notify<W> {
  const byEvent = new Map<keyof AppObserver<W>, readonly AppObserver<W>[]>();
  return (event, ...args) => {
    let interested = byEvent.get(event);
    if (interested === undefined) {
      interested = observers.filter((observer) => observer[event] !== undefined);
      byEvent.set(event, interested);
    }
    for (const observer of interested) Reflect.apply(observer[event] as (...all: unknown[]) => void, observer, args);
  };
}
