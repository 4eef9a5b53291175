const SEED = 0x9e3779b9;

/** Pseudorandom numbers in [0, 1), good enough to spread load: Marsaglia's 32-bit xorshift. */
export function xorshift(seed = SEED): () => number {
  // Zero is a fixed point.
  let state = seed | 0 || SEED;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
