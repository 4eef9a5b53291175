import { EXIT } from '../../errors/registry.ts';
import { answer } from '../answer.ts';
import type { Command } from '../command.ts';

export const cleardump: Command = {
  operands: '',
  description: 'Clears nothing, because an app is saved for as long as it is defined. Says so, for scripts that were written for PM2.',
  options: [],
  exits: [],
  examples: ['lb cleardump'],
  run: (context) => {
    answer(context, 'nothing was cleared: apps are saved as long as they are defined; "lb delete all" stops and removes them');
    return Promise.resolve(EXIT.ok);
  },
};
