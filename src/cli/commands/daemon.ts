import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { lbVersion } from '../version.ts';

export const daemon: Command = {
  operands: '',
  description:
    'Runs the daemon in the foreground until it gets a signal. SIGTERM and SIGINT drain and stop everything; the next daemon starts the same apps again. SIGHUP replaces only the daemon. Other commands start the daemon automatically; this one is for systemd and for debugging.',
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
