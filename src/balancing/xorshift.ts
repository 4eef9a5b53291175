const SEED = 0x9e3779b9;

/** Numbers from 0 to below 1 that are random enough to spread load: Marsaglia's xorshift with 32 bits. */
export function xorshift(seed = SEED): () => number {
  // The one state it would never leave is 0.
  let state = seed | 0 || SEED;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
