import type { JSX } from 'preact';

const TONES: Readonly<Record<string, string>> = {
  online: 'good',
  ready: 'good',
  starting: 'busy',
  reloading: 'busy',
  degraded: 'warn',
  ejected: 'warn',
  draining: 'warn',
  stopping: 'warn',
  errored: 'bad',
};

/** The state of an app or a worker: a dot and a word. */
export function State({ of }: { readonly of: string }): JSX.Element {
  return <span class={`state ${TONES[of] ?? 'idle'}`}>{of}</span>;
}
