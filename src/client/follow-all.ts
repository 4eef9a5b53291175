import type { LbEvent, Stats } from '../protocol/control.ts';
import type { Channel } from './request.ts';
import { subscribeEvents, subscribeStats } from './subscribe.ts';

export interface Followers {
  readonly stats: (stats: Stats) => unknown;
  readonly event: (event: LbEvent) => unknown;
}

/** Follows the stats and events of all apps, each at the speed of its follower. If one subscription ends, so does the other. */
export async function followAll(channel: Channel, outer: AbortSignal, followers: Followers): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  const stats = async (): Promise<void> => {
    for await (const one of subscribeStats(channel, signal)) await followers.stats(one);
  };
  const events = async (): Promise<void> => {
    for await (const one of subscribeEvents(channel, signal)) await followers.event(one);
  };
  await Promise.all([stats(), events()].map((following) => following.finally(() => ended.abort())));
}
