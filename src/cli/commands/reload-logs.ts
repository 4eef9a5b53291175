import type { Command } from '../command.ts';
import { reopenLogs } from '../logs/reopen-logs.ts';

export const reloadLogs: Command = {
  operands: '[targets...]',
  description: 'Opens the log files anew, as "lb logs --reopen" does.',
  options: [],
  exits: ['notFound', 'daemon'],
  examples: ['lb reloadLogs'],
  run: reopenLogs,
};
