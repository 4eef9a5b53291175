import type { Action } from './plan.ts';
import type { World } from './world.ts';

/** How an action of a step ended. */
export interface Outcome {
  readonly note: string;
  /** What must not be, whatever else happened. */
  readonly failed?: string;
  /** A command that ended with an error; it may, beside a fault. */
  readonly commandFailed?: string;
  /** It needs something that this machine, or this user, does not have. */
  readonly skipped?: boolean;
}

/** Resolves when the action has begun: what comes after it in its step meets it. `ended` never rejects. */
export type Perform = (world: World, action: Action) => Promise<Begun>;

export interface Begun {
  readonly ended: Promise<Outcome>;
}

export const skipped = (why: string): Begun => ({ ended: Promise.resolve({ note: `skipped: ${why}`, skipped: true }) });

/** An action that goes on after it has begun; what it throws has failed it. */
export function until(end: () => Promise<string>): Begun {
  const failed = (thrown: unknown): Outcome => ({ note: 'failed', failed: thrown instanceof Error ? thrown.message : String(thrown) });
  return { ended: end().then((note) => ({ note }), failed) };
}
