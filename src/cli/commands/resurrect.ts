import { EXIT } from '../../errors/registry.ts';
import { answer } from '../answer.ts';
import { isRunning } from '../apps.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { appsOrNone } from '../apps-or-none.ts';

export const resurrect: Command = {
  operands: '',
  description: 'Brings back what ran last, by starting the daemon if none runs; every command that changes something does that.',
  options: [],
  exits: ['daemon'],
  examples: ['lb resurrect'],
  run,
};

async function run(context: Context): Promise<number> {
  const running = (await appsOrNone(context, 'change')).filter(isRunning).map(({ name }) => name);
  answer(context, running.length === 0 ? 'no app was running' : `running again, as every change is saved at once: ${running.join(', ')}`);
  return EXIT.ok;
}
