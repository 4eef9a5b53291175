import { costOf } from '../lib/cost.mjs';
import { inTurn } from '../lib/in-turn.mjs';
import { saturate } from '../lib/load.mjs';
import { median, ratios } from '../lib/stats.mjs';
import { ratio, thousands, us } from '../report/format.mjs';

/**
 * @typedef {{ name: string, target: import('../lib/cost.mjs').Target }} Contestant
 * @typedef {{ name: string, perSecond: number[], cpuUs: number[], generatorUs: number[] }} Figures of each round
 */

/**
 * The same load on each in turn.
 * @param {import('../context.mjs').Context} context
 * @param {readonly Contestant[]} contestants
 * @param {Omit<Parameters<typeof saturate>[0], 'ports'> & { rounds: number }} load
 * @returns {Promise<(name: string) => Figures | undefined>} undefined for one that was left out
 */
export async function sideBySide(context, contestants, { rounds, ...load }) {
  for (const { target } of contestants) await saturate({ ports: target.ports, ...load });
  const results = await inTurn(rounds, contestants.length, async (index, round) => {
    const { name, target } = contestants[index];
    const result = await costOf(target, load);
    context.progress(
      `round ${round + 1} ${name}: ${thousands(result.perSecond)}/s, ${us(result.cpuUs)} CPU each, generator ${us(result.generatorUs)}, ${result.failed} failed`,
    );
    return result;
  });
  const figures = contestants.map(({ name }, index) => {
    const of = (key) => results[index].map((run) => run[key]);
    return { name, perSecond: of('perSecond'), cpuUs: of('cpuUs'), generatorUs: of('generatorUs') };
  });
  return (wanted) => figures.find(({ name }) => name === wanted);
}

/**
 * Every contestant's figures beside those of one of them.
 * @param {readonly Figures[]} all
 * @param {Figures} reference
 */
export function figuresTable(all, reference) {
  const { name } = reference;
  return {
    header: ['', 'per second', `ratio to ${name}`, 'CPU each', `ratio to ${name}`, "generator's CPU each"],
    lines: all.map((one) => [
      one.name,
      thousands(median(one.perSecond)),
      ratio(ratios(one.perSecond, reference.perSecond)),
      us(median(one.cpuUs)),
      ratio(ratios(one.cpuUs, reference.cpuUs)),
      us(median(one.generatorUs)),
    ]),
  };
}
