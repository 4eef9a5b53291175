import type { Failure } from '../helpers/generate-load.ts';
import type { Action, ChaosApp, Kind, Step } from './plan.ts';

/** What docs/reliability.md lets fail while a step happens, of the clients of one app. */

export type LoadedApp = ChaosApp | 'bystander';

/** Requests on connections that answered before are judged by who answered: see `isAllowed`. */
export interface Allowance {
  /** Connections that no worker had answered on yet may be reset, so many at most. */
  readonly newResets: number;
  readonly refused: boolean;
}

const WORKER_ENDS: readonly Kind[] = ['kill-worker', 'kill-workers', 'kill-member', 'hang-worker', 'stop-worker'];
const PRIMARY_ENDS: readonly Kind[] = ['kill-primary', 'kill-daemon-and-primary', 'hang-primary', 'stop-primary'];
const DAEMON_ENDS: readonly Kind[] = ['kill-daemon', 'kill-daemon-and-primary', 'hang-daemon', 'stop-daemon'];

const burstOf = (step: Step, app: LoadedApp): number =>
  step.filter((action) => action.kind === 'burst' && action.app === app).reduce((sum, { value }) => sum + Number(value), 0);

type InCommon = (one: LoadedApp, other: LoadedApp) => boolean;

/** @param clients of that app that open connections, each with one request at a time @param inCommon whether two apps are in one primary */
export function allowanceOf(step: Step, app: LoadedApp, clients: number, inCommon: InCommon = (one, other) => one === other): Allowance {
  const losesPrimary = ({ kind, app: aimedAt }: Action): boolean => PRIMARY_ENDS.includes(kind) && aimedAt !== null && inCommon(aimedAt, app);
  const losesWorker = (action: Action): boolean => WORKER_ENDS.includes(action.kind) && action.app === app;
  const ends = step.filter((action) => losesWorker(action) || losesPrimary(action)).length;
  const daemonEnds = step.some(({ kind }) => DAEMON_ENDS.includes(kind));
  // A client that connects in the very moment in which a stop closes the socket can be reset.
  const stops = app === 'bystander' && step.some(({ kind }) => kind === 'stop-bystander');
  const refused = stops || (daemonEnds && step.some(losesPrimary));
  const connections = clients + burstOf(step, app);
  return { newResets: ends * connections + (stops ? 1 : 0), refused };
}

const HARMLESS: readonly Kind[] = ['reload', 'restart', 'scale', 'weight', 'balance', 'stop-bystander', 'reopen-logs', 'balloon', 'burst', 'hang-up'];

/** Refused while an app reloads. */
const NOT_IN_RELOAD: readonly Kind[] = ['weight', 'balance'];

/** Refused if the app already has the other. */
const CONTRADICTING: readonly string[] = ['balance direct', 'weight 0=0.2', 'weight 0=3'];

/** Whether the commands of a step may fail: only if a fault comes with them, or if one refuses to run beside another. */
export const commandsMayFail = (step: Step): boolean =>
  step.some(({ kind, value }) => !HARMLESS.includes(kind) || CONTRADICTING.includes(`${kind} ${String(value)}`)) ||
  step.some(({ kind, app }) => kind === 'reload' && step.some((other) => other.app === app && NOT_IN_RELOAD.includes(other.kind)));

/** A step that was done. The times are those of `performance.now`. */
export interface StepWindow {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly allowances: ReadonlyMap<LoadedApp, Allowance>;
}

/** Judges the failures of a run in order, with the resets that its steps have left. */
export class Judge {
  readonly #windows: StepWindow[] = [];
  readonly #used = new Map<string, number>();

  add(window: StepWindow): void {
    this.#windows.push(window);
  }

  /** @param ended pids of workers that a fault ended */
  isAllowed(app: LoadedApp, failure: Failure, ended: ReadonlySet<number>): boolean {
    const { kind, pid } = failure;
    const windows = this.#windows.filter(({ startedAt, endedAt }) => failure.startedAt <= endedAt && failure.failedAt >= startedAt);
    if (kind === 'refused') return windows.some(({ allowances }) => allowances.get(app)?.refused === true);
    if (kind !== 'reset') return false;
    if (pid !== null) return ended.has(pid);
    return windows.some((window) => this.#takeReset(window, app));
  }

  #takeReset(window: StepWindow, app: LoadedApp): boolean {
    const key = `${window.startedAt} ${app}`;
    const used = this.#used.get(key) ?? 0;
    if (used >= (window.allowances.get(app)?.newResets ?? 0)) return false;
    this.#used.set(key, used + 1);
    return true;
  }
}
