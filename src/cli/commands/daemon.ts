import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { lbVersion } from '../version.ts';

export const daemon: Command = {
  operands: '',
  description:
    'Runs the daemon in the foreground until it is ended: SIGTERM and SIGINT drain everything, and what ran runs again with the next daemon; SIGHUP replaces the daemon alone. Other commands start it by themselves; this one is for systemd and for looking into a problem.',
  options: [],
  exits: ['failed', 'daemon'],
  examples: ['lb daemon'],
  run,
};

async function run(context: Context): Promise<number> {
  // The one exception to the import rule: this process becomes the daemon.
  const { runDaemon } = await import('../../daemon/main.ts');
  return await runDaemon({ home: context.home, version: lbVersion() });
}
