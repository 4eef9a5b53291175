import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { BALANCE_STRATEGIES } from '../../../lifecycle/balance-strategy.ts';
import { keysOf } from '../../../lifecycle/keys-of.ts';
import { isEnded } from '../../../lifecycle/states.ts';
import type { AppSnapshot } from '../../../protocol/snapshot.ts';
import { store } from '../store.ts';
import { Confirm } from './confirm.tsx';

/** Actions that need confirmation, with their consequences. */
const COSTLY = {
  restart: ['Restart', 'All workers finish their requests and stop before new ones start. New connections wait until then; a reload has no such gap.'],
  stop: ['Stop', 'The workers finish their requests and stop; new connections are refused. The definition stays, so it can be started again.'],
} as const;
type Costly = keyof typeof COSTLY;

/** The action buttons of one app. */
export function Actions({ app }: { readonly app: AppSnapshot }): JSX.Element {
  const [asking, ask] = useState<Costly | null>(null);
  const { name, instances } = app;
  const answer = (yes: boolean): void => {
    if (yes && asking !== null) void store.run(name, asking);
    ask(null);
  };
  if (isEnded(app.state)) {
    return (
      <div class="actions">
        <button type="button" class="primary" onClick={() => void store.run(name, 'start')}>
          Start
        </button>
      </div>
    );
  }
  return (
    <div class="actions">
      <button type="button" class="primary" onClick={() => void store.run(name, 'reload')}>
        Reload
      </button>
      <span class="stepper" role="group" aria-label="Number of workers">
        <button type="button" aria-label="One worker fewer" disabled={instances <= 1} onClick={() => void store.run(name, 'scale', { by: -1 })}>
          −
        </button>
        <output>{instances}</output>
        <button type="button" aria-label="One worker more" onClick={() => void store.run(name, 'scale', { by: 1 })}>
          +
        </button>
      </span>
      {app.autoscaling?.on === false ? (
        <button type="button" onClick={() => void store.run(name, 'scale', { auto: true })}>
          Autoscale
        </button>
      ) : null}
      <Balance app={app} />
      {keysOf(COSTLY).map((action) => (
        <button key={action} type="button" onClick={() => ask(action)}>
          {COSTLY[action][0]}…
        </button>
      ))}
      {asking === null ? null : (
        <Confirm title={`${COSTLY[asking][0]} ${name}?`} verb={COSTLY[asking][0]} onAnswer={answer}>
          {COSTLY[asking][1]}
        </Confirm>
      )}
    </div>
  );
}

function Balance({ app: { name, spec } }: { readonly app: AppSnapshot }): JSX.Element {
  return (
    <label class="select">
      <span class="hidden">Balance</span>
      <select value={spec.balance} onChange={(event) => void store.run(name, 'balance', { strategy: event.currentTarget.value })}>
        {BALANCE_STRATEGIES.map((strategy) => (
          <option key={strategy}>{strategy}</option>
        ))}
      </select>
    </label>
  );
}
