import type { JSX } from 'preact';
import { store, type Run } from '../store.ts';

const SHOWN_LINES = 8;

/** Progress and result of an operation that was started on this page. */
export function RunPanel({ run }: { readonly run: Run }): JSX.Element {
  const { app, action, lines, result } = run;
  return (
    <section class={`panel run ${result === null ? '' : result.ok ? 'good' : 'bad'}`} role="status">
      <h2>
        {result === null ? <span class="spinner" aria-hidden="true" /> : null}
        {action} of {app}
        {result === null ? null : (
          <button type="button" class="quiet" onClick={() => store.dismiss(app)}>
            Dismiss
          </button>
        )}
      </h2>
      <ol>
        {lines.slice(-SHOWN_LINES).map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ol>
      {result === null ? null : <p class="result">{result.message}</p>}
    </section>
  );
}
