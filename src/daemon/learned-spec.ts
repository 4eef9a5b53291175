import type { AppSpec } from '../lifecycle/app-spec.ts';

/**
 * What the daemon believes of a definition that a primary reports. A primary of another user is that user's: of what it says, only what
 * an order to it changes, and nothing that root acts upon.
 * @param ordered the definition that was ordered, if the report answers an order with one
 */
export function learnedSpec(own: AppSpec, reported: AppSpec, ordered: AppSpec = own): AppSpec {
  if (own.user === null) return reported;
  const { instances, balance, weights, scale } = reported;
  return { ...ordered, instances, balance, weights, scale: ordered.scale === null || scale === null ? ordered.scale : { ...ordered.scale, on: scale.on } };
}
