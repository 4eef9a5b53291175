import type { LbEvent, Stats } from '../protocol/control.ts';

/** Messages to the page on the WebSocket `/live`. */
export type PageMessage =
  | { readonly type: 'welcome'; readonly version: string; readonly home: string; readonly actions: boolean }
  /** `reason`: why the daemon can't be reached. After `up`, recent events are sent again. */
  | { readonly type: 'daemon'; readonly up: boolean; readonly reason: string }
  | ({ readonly type: 'stats' } & Stats)
  | { readonly type: 'event'; readonly event: LbEvent };

/** Actions that the page may request with `POST /api/apps/:name/:action`. */
export const ACTIONS = ['start', 'reload', 'restart', 'stop', 'scale', 'balance'] as const;
export type Action = (typeof ACTIONS)[number];
