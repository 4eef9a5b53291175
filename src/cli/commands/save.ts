import { EXIT } from '../../errors/registry.ts';
import { answer } from '../answer.ts';
import type { Command } from '../command.ts';

export const save: Command = {
  operands: '',
  description: 'Does nothing, because lb saves every change at once. Says so, for scripts that were written for PM2.',
  options: [{ flags: '-f, --force', description: 'no effect', hidden: true }],
  exits: [],
  examples: ['lb save'],
  run: (context) => {
    answer(context, 'nothing to do: lb saves every change at once, and what runs now runs again after a reboot');
    return Promise.resolve(EXIT.ok);
  },
};
