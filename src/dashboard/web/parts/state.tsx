import type { JSX } from 'preact';
import { toneOf, type AppState, type WorkerState } from '../../../lifecycle/states.ts';

/** The state of an app or a worker: a dot and a word. The style sheet has a class per tone. */
export function State({ of }: { readonly of: AppState | WorkerState }): JSX.Element {
  return <span class={`state ${toneOf(of)}`}>{of}</span>;
}
