import { setTimeout as delay } from 'node:timers/promises';

export { delay };

/**
 * Asks until the answer is neither false nor null.
 * @template T
 * @param {string} description
 * @param {() => T | Promise<T>} ask
 * @param {number} [deadlineMs]
 * @returns {Promise<T>}
 */
export async function waitFor(description, ask, deadlineMs = 20_000) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    if (performance.now() >= deadline) throw new Error(`waited ${deadlineMs / 1000} s for ${description}`);
    await delay(5);
  }
}
