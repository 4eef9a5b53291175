import { setTimeout as delay } from 'node:timers/promises';
import type { LbResult } from '../helpers/run-lb.ts';
import type { Action } from './plan.ts';
import { type Outcome, type Perform } from './perform.ts';
import type { World } from './world.ts';

const TRIES = 12;
const BETWEEN_TRIES_MS = 500;

const outcomeOf = (result: LbResult): Outcome => ({
  note: `exit code ${result.code ?? 'none'} after ${Math.round(result.durationMs)} ms`,
  ...(result.code === 0 ? {} : { commandFailed: String(result) }),
});

async function run(world: World, args: readonly string[]): Promise<Outcome> {
  return outcomeOf(await world.lb(...args));
}

/** As a person would, who wants it done: again, if a fault got in between. The first answer counts. */
async function insist(world: World, args: readonly string[]): Promise<Outcome> {
  const first = await run(world, args);
  let last = first;
  for (let tries = 1; last.commandFailed !== undefined && tries < TRIES; tries++) {
    await delay(BETWEEN_TRIES_MS);
    last = await run(world, args);
  }
  return last === first ? first : { ...first, note: `${first.note}, then ${last.note}` };
}

const command =
  (words: (action: Action) => readonly (string | null)[]): Perform =>
  async (world, action) => ({
    ended: run(
      world,
      words(action).filter((word) => word !== null),
    ),
  });

const scale: Perform = async (world, { value }) => {
  const to = value ?? '';
  world.wanted.set('cluster', Number(to));
  return { ended: insist(world, ['scale', 'cluster', to]) };
};

const stopBystander: Perform = async (world) => {
  const stopAndStart = async (): Promise<Outcome> => {
    const stopped = await insist(world, ['stop', 'bystander']);
    const started = await insist(world, ['start', 'bystander']);
    const commandFailed = stopped.commandFailed ?? started.commandFailed;
    return { note: `stop ${stopped.note}; start ${started.note}`, ...(commandFailed === undefined ? {} : { commandFailed }) };
  };
  return { ended: stopAndStart() };
};

export const OPERATIONS = {
  reload: command(({ app }) => ['reload', app, '--monitor', '200']),
  restart: command(({ app }) => ['restart', app]),
  scale,
  weight: command(({ app, value }) => ['weight', app, value]),
  balance: command(({ app, value }) => ['balance', app, value]),
  'stop-bystander': stopBystander,
  'reopen-logs': command(() => ['logs', '--reopen']),
} satisfies Record<string, Perform>;
