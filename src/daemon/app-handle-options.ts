import type { EmitEvent } from '../protocol/event.ts';
import type { AppStats } from '../protocol/stats.ts';
import type { Report } from './attachment.ts';
import type { Dependency } from './dependency-wait.ts';
import type { PersistentCounters } from './persistent-counters.ts';
import type { PrimaryKeeper } from './primary-keeper.ts';
import type { SavedApp } from './store.ts';

export interface AppHandleOptions {
  readonly saved: SavedApp;
  /** The ids of this many slots. */
  readonly ids: (slots: number) => readonly number[];
  /** Keeps the primary of this app. */
  readonly keeper: PrimaryKeeper;
  readonly log: (message: string) => void;
  /** Takes the events of this app that the daemon notices. */
  readonly event: (app: string) => EmitEvent;
  /** The apps on which it depends. */
  readonly dependencies: () => readonly Dependency[];
  /** Something that must be saved changed. */
  readonly changed: () => void;
  readonly received: (report: Extract<Report, { type: 'event' | 'log' }>) => void;
  /** The counters of all apps. */
  readonly totals: PersistentCounters;
  /** Its primary has reported. */
  readonly stats: (stats: AppStats) => void;
  /** @returns whether a client follows this app's log. */
  readonly followed: (app: string) => boolean;
  /** It has no primary, and none will start. */
  readonly ended: (app: string) => void;
}
