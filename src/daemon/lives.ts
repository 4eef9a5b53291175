import { isEnded } from '../lifecycle/states.ts';
import { isSameFootprint, type Footprint } from '../lifecycle/replacement.ts';
import type { AppStats } from '../protocol/stats.ts';
import type { SavedApp } from './store.ts';

/** What is known of an app beyond the life of its present primary. */
export class Lives {
  footprint: Footprint;
  /** It has ended, and waits for what starts it again. */
  resting: boolean;

  constructor({ footprint, resting }: Pick<SavedApp, 'footprint' | 'resting'>) {
    this.footprint = footprint;
    this.resting = resting;
  }

  /** Its primary has reported. @returns whether there is something new to save */
  saw({ replacement, state }: Pick<AppStats, 'replacement' | 'state'>): boolean {
    const wasResting = this.resting;
    // One that ends, for another primary or with its daemon, says nothing about how it was before.
    if (state !== 'stopping' && !isEnded(state)) this.resting = state === 'waiting';
    return this.#leftTraces(replacement) || this.resting !== wasResting;
  }

  #leftTraces(replacement: AppStats['replacement']): boolean {
    if (replacement === undefined) return false;
    if (isSameFootprint(replacement, this.footprint)) return false;
    this.footprint = { listened: replacement.listened, ownSockets: replacement.ownSockets };
    return true;
  }
}
