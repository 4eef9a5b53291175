import type { LbEvent, Stats } from '../protocol/control.ts';

/** What the page hears on the WebSocket `/live`. */
export type PageMessage =
  | { readonly type: 'welcome'; readonly version: string; readonly home: string; readonly actions: boolean }
  /** `reason` tells why it cannot be reached; the events that follow an `up` are told from the beginning again. */
  | { readonly type: 'daemon'; readonly up: boolean; readonly reason: string }
  | ({ readonly type: 'stats' } & Stats)
  | { readonly type: 'event'; readonly event: LbEvent };

/** What the page may ask for with `POST /api/apps/:name/:action`. */
export const ACTIONS = ['start', 'reload', 'restart', 'stop', 'scale', 'balance'] as const;
export type Action = (typeof ACTIONS)[number];
