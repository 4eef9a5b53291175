/** In seconds where it is whole ones; a notation of HAProxy, nginx and `lb` alike. */
export const shortTime = (ms: number): string => (ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`);
