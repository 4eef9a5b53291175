import type { JSX } from 'preact';
import { describeBlockers } from '../../../lifecycle/describe-blockers.ts';
import { isShuttingDown } from '../../../lifecycle/states.ts';
import { plural } from '../../../lifecycle/wording.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { age } from '../format.ts';

interface UnderWayProps {
  readonly app: AppSnapshot;
  /** `RunPanel` already shows the steps of the operation. */
  readonly isFollowed: boolean;
}

/** The running operation, what blocks it, and other problems of the app. */
export function UnderWay({ app, isFollowed }: UnderWayProps): JSX.Element | null {
  const notes = notesOf(app);
  if ((app.operation === null || isFollowed) && notes.length === 0) return null;
  return (
    <section class="panel under-way" aria-label="Under way">
      {app.operation === null || isFollowed ? null : (
        <h2>
          <span class="spinner" aria-hidden="true" />
          {app.operation.kind} <small>for {age(app.operation.sinceMs)}</small>
        </h2>
      )}
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

function notesOf(app: AppSnapshot): string[] {
  const leaving = app.workers
    .filter(({ state }) => isShuttingDown(state))
    .map(({ slot, pid, state, blockers }) => `worker ${slot} (pid ${pid}) is ${state}${blockers === null ? '' : `, with ${describeBlockers(blockers)}`}`);
  const out = app.health.filter(({ causes }) => causes.length > 0).map(({ slot, pid, causes }) => `worker ${slot} (pid ${pid}): ${causes.join('; ')}`);
  const slots =
    app.state === 'stopped'
      ? []
      : app.troubledSlots.map(
          ({ slot, state, restartInMs, cause }) =>
            `slot ${slot} is ${state}${restartInMs === null ? '' : `, next restart in ${age(restartInMs)}`}${cause === undefined ? '' : `: ${cause}`}`,
        );
  const { lastFailure: failure } = app;
  const failed = failure !== undefined && !app.troubledSlots.some(({ slot }) => slot === failure.slot);
  return [
    ...leaving,
    ...(app.queuedOperations.length === 0 ? [] : [`next: ${app.queuedOperations.join(', ')}`]),
    ...(app.queued === 0 ? [] : [`${plural(app.queued, 'connection')} waiting for a worker`]),
    ...(app.panic ? ['fewer than half of the workers are healthy; connections go to all of them'] : []),
    ...out,
    ...slots,
    ...(failed && app.state !== 'stopped' ? [`slot ${failure.slot} ended ${age(failure.agoMs)} ago: ${failure.cause}`] : []),
    ...(app.error === null ? [] : [app.error]),
  ];
}
