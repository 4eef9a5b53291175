import type { TriggerAction, TriggerFacts } from '../../lifecycle/trigger.ts';
import type { EmitEvent } from '../../protocol/event.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { OperationContext } from '../operations/operation.ts';
import { ReloadOperation } from '../operations/reload.ts';
import type { Startable } from '../workers/startable.ts';

interface RevivalOptions {
  readonly context: OperationContext;
  readonly runner: OperationRunner;
  readonly startable: Startable;
  /** A worker of the app listened at some time. */
  readonly listened: () => boolean;
  /** Gives every empty slot a new chance. */
  readonly startAgain: () => void;
  readonly event: EmitEvent;
}

/** Starts and reloads an app without an order: because of the time, or of a file that changed. */
export class Revival {
  readonly #options: RevivalOptions;

  constructor(options: RevivalOptions) {
    this.#options = options;
  }

  get facts(): TriggerFacts {
    const { context, runner, listened } = this.#options;
    const { spec, workers } = context.pool;
    return { operation: runner.current?.kind ?? null, isRunning: workers.length > 0, isService: spec.autorestart || listened() };
  }

  /** @param cause for people: `cron_restart (0 3 * * *)`, `src/app.js changed` */
  carryOut(action: TriggerAction, kind: 'cron' | 'watch', cause: string): void {
    const { context, runner, startable, startAgain, event } = this.#options;
    if (action.do === 'skip') return event(kind, `${cause}: skipped, because ${action.because}`, undefined, { action: 'skip' });
    const problem = startable.problem(context.pool.spec);
    if (problem !== null) return event(kind, `${cause}: not possible: ${problem}`, undefined, { action: 'skip' });
    event(kind, `${cause}: ${action.do} begins`, undefined, { action: action.do });
    if (action.do === 'start') return startAgain();
    const options = { parallel: 1, onFailure: 'rollback', drop: [], allAtOnce: false } as const;
    runner.submit('reload', true, () => new ReloadOperation(context, options), { progress: () => {}, done: () => {} });
  }
}
