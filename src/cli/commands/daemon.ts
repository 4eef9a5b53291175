import { daemonRole } from '../../lifecycle/daemon-role.ts';
import { DAEMON_REASON_VAR, DAEMON_ROLE_VAR } from '../../system/daemon-role.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { loadDaemon } from '../load-daemon.ts';
import { lbVersion } from '../version.ts';

export const daemon: Command = {
  operands: '',
  description:
    'Runs the daemon in the foreground until it gets a signal. SIGTERM and SIGINT drain and stop everything; the next daemon starts the same apps again. SIGHUP replaces only the daemon. Other commands start the daemon automatically; this one is for systemd and for debugging: it takes over from a daemon that lb has started by itself, and its apps keep serving.',
  options: [],
  exits: ['failed', 'daemon'],
  examples: ['lb daemon'],
  run,
};

async function run(context: Context): Promise<number> {
  const { module, notCopied } = await loadDaemon(context.home);
  const role = daemonRole(context.io.env[DAEMON_ROLE_VAR]);
  const because = context.io.env[DAEMON_REASON_VAR] ?? '';
  // They are not for what this process starts.
  for (const name of [DAEMON_ROLE_VAR, DAEMON_REASON_VAR]) delete context.io.env[name];
  context.noteHome();
  return await module.runDaemon({ home: context.home, version: lbVersion(), role, because, notCopied });
}
