import type { RawConnection } from './raw-handles.ts';

/** A worker as the dispatcher sees it. */
export interface Target {
  /** The connection it was given and has not yet taken; one at a time, as Node allows one unacknowledged handle per channel. */
  pending: PendingConnection | null;
  hand(pending: PendingConnection): void;
}

export interface PendingConnection {
  readonly key: string;
  readonly connection: RawConnection;
}

/** Connections of one listener that wait here, about 1 KB each; beyond, they wait in the kernel, whose queue is short and whose clients retry slowly. */
export const QUEUE_LIMIT = 8_192;

interface DispatcherEvents {
  /** `QUEUE_LIMIT` connections wait. */
  crowded(key: string): void;
  /** Half of them are served. */
  relieved(key: string): void;
}

interface Lane {
  crowded: boolean;
  readonly waiting: RawConnection[];
  targets: readonly Target[];
  /** Where the next round begins. */
  cursor: number;
}

/**
 * Gives each accepted connection to a worker, round robin among those that took their last one. Connections for which
 * no worker is free wait here in order of arrival; none is ever refused.
 */
export class Dispatcher {
  readonly #events: DispatcherEvents;
  readonly #lanes = new Map<string, Lane>();

  constructor(events: DispatcherEvents) {
    this.#events = events;
  }

  get queued(): number {
    let n = 0;
    for (const lane of this.#lanes.values()) n += lane.waiting.length;
    return n;
  }

  accept(key: string, connection: RawConnection): void {
    const lane = this.#lane(key);
    const target = lane.waiting.length === 0 ? nextFree(lane) : undefined;
    if (target !== undefined) {
      give(target, key, connection);
      return;
    }
    lane.waiting.push(connection);
    if (lane.waiting.length < QUEUE_LIMIT || lane.crowded) return;
    lane.crowded = true;
    this.#events.crowded(key);
  }

  /** A connection that a worker did not take: goes to another one before all that wait. */
  takeBack(pending: PendingConnection): void {
    const lane = this.#lanes.get(pending.key);
    if (lane === undefined) {
      // Its listener was closed meanwhile.
      pending.connection.close();
      return;
    }
    lane.waiting.unshift(pending.connection);
    this.pump(pending.key);
  }

  /** The workers that connections for this listener may go to, from now on. */
  route(key: string, targets: readonly Target[]): void {
    const lane = this.#lane(key);
    lane.targets = targets;
    this.pump(key);
  }

  pump(key: string): void {
    const lane = this.#lane(key);
    while (lane.waiting.length > 0) {
      const target = nextFree(lane);
      if (target === undefined) break;
      const connection = lane.waiting.shift();
      if (connection !== undefined) give(target, key, connection);
    }
    if (!lane.crowded || lane.waiting.length > QUEUE_LIMIT / 2) return;
    lane.crowded = false;
    this.#events.relieved(key);
  }

  /** A worker is free again. Listeners on which connections wait take turns. */
  pumpFor(target: Target): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.waiting.length === 0 || !lane.targets.includes(target)) continue;
      this.#lanes.delete(key);
      this.#lanes.set(key, lane);
      this.pump(key);
      return;
    }
  }

  /** Ends every waiting connection of a listener that is closed. */
  close(key: string): void {
    for (const connection of this.#lanes.get(key)?.waiting ?? []) connection.close();
    this.#lanes.delete(key);
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { crowded: false, waiting: [], targets: [], cursor: 0 };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

function give(target: Target, key: string, connection: RawConnection): void {
  const pending = { key, connection };
  target.pending = pending;
  target.hand(pending);
}

function nextFree(lane: Lane): Target | undefined {
  const { targets } = lane;
  for (let step = 0; step < targets.length; step++) {
    const index = (lane.cursor + step) % targets.length;
    const target = targets[index];
    if (target?.pending === null) {
      lane.cursor = index + 1;
      return target;
    }
  }
  return undefined;
}
