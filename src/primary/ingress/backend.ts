import type { Backend as BalancingBackend } from '../../balancing/strategy.ts';
import type { PendingConnection, Target } from '../handles/connection.ts';

/** A worker that connections of a listener may go to, with its weight. */
export interface Route {
  readonly target: Target;
  /** Effective weight, above 0. */
  readonly weight: number;
  readonly backup: boolean;
}

/** A worker in the rotation of one listener, with the connections that wait for this worker only. */
export class Backend implements BalancingBackend {
  readonly target: Target;
  readonly slot: number;
  readonly waiting: PendingConnection[] = [];
  weight: number;
  backup: boolean;
  credit = 0;
  /** The most open connections it may have. */
  limit = Number.POSITIVE_INFINITY;

  constructor({ target, weight, backup }: Route) {
    this.target = target;
    this.slot = target.slot;
    this.weight = weight;
    this.backup = backup;
  }

  get connections(): number {
    return this.target.connections;
  }

  get free(): boolean {
    return this.target.pending === null;
  }

  get full(): boolean {
    return this.target.connections >= this.limit;
  }
}
