import { EXIT } from '../../errors/registry.ts';
import { fetchApps, isRunning } from '../apps.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { reachedDaemon } from '../daemon-of.ts';

export const save: Command = {
  operands: '',
  description: 'Needs no effort: lb saves every change at once. Says so, for scripts that were written for PM2.',
  options: [{ flags: '-f, --force', description: 'the same', hidden: true }],
  exits: [],
  examples: ['lb save'],
  run: (context) => said(context, 'nothing to do: lb saves every change at once, and what runs now runs again after a reboot'),
};

export const cleardump: Command = {
  operands: '',
  description: 'Clears nothing, because an app is saved for as long as it is defined. Says so, for scripts that were written for PM2.',
  options: [],
  exits: [],
  examples: ['lb cleardump'],
  run: (context) => said(context, 'nothing was cleared: apps are saved as long as they are defined; "lb delete all" stops and removes them'),
};

export const resurrect: Command = {
  operands: '',
  description: 'Brings back what ran last, by starting the daemon if none runs; every command that changes something does that.',
  options: [],
  exits: ['daemon'],
  examples: ['lb resurrect'],
  run: bringBack,
};

function said({ print, silent }: Context, text: string): Promise<number> {
  if (!silent) print(text);
  return Promise.resolve(EXIT.ok);
}

async function bringBack(context: Context): Promise<number> {
  const connection = await reachedDaemon(context, 'change');
  if (connection === null) return await said(context, 'there are no saved apps');
  try {
    const running = (await fetchApps(connection.channel)).filter(isRunning).map(({ name }) => name);
    return await said(context, running.length === 0 ? 'no app was running' : `running again, as every change is saved at once: ${running.join(', ')}`);
  } finally {
    connection.channel.close();
  }
}
