/** Envoy's default `min_weight_percent`. */
const FLOOR = 0.1;

/**
 * Share of its weight that a worker gets; grows linearly from 0.1 to 1.
 * @param sinceMs time since it joined the rotation
 * @param slowStartMs 0 for off
 */
export function rampFactor(sinceMs: number, slowStartMs: number): number {
  if (sinceMs >= slowStartMs) return 1;
  return FLOOR + (1 - FLOOR) * (Math.max(0, sinceMs) / slowStartMs);
}
