/**
 * Every subject in every round, each time beginning with another one.
 * @template T
 * @param {number} rounds
 * @param {number} subjects how many
 * @param {(subject: number, round: number) => Promise<T>} run
 * @returns {Promise<T[][]>} of each subject the result of each round
 */
export async function inTurn(rounds, subjects, run) {
  const results = Array.from({ length: subjects }, () => []);
  for (let round = 0; round < rounds; round++) {
    for (let step = 0; step < subjects; step++) {
      const subject = (round + step) % subjects;
      results[subject].push(await run(subject, round));
    }
  }
  return results;
}
