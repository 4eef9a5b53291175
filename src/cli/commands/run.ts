import { optionFlags } from '../../config/index.ts';
import { asConfigError } from '../../config/metrics-key.ts';
import { LbError } from '../../errors/lb-error.ts';
import { isFirstProcess, NO_INIT } from '../../system/first-process.ts';
import { ServiceManager } from '../../system/service-manager.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { loadDaemon } from '../load-daemon.ts';
import { appFlags, CONFIG_OPTIONS, resolveTarget } from '../resolve.ts';
import { lbVersion } from '../version.ts';

export const run: Command = {
  operands: '[target]',
  description:
    'Runs a script or the apps of a config file in the foreground, for containers: logs go to stdout and stderr, SIGTERM and SIGINT drain and stop, and the exit code is that of the app. "lb list" and the other commands work as usual.',
  options: [...CONFIG_OPTIONS, { flags: '--json', description: 'print log lines as newline-delimited JSON' }, ...optionFlags()],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb run server.js -i max', 'lb run lb.config.js --env production', 'docker exec my-container lb list'],
  takesAppArgs: true,
  run: runInForeground,
};

/** Runs the apps in this process until they end; resolves with the exit code. */
export async function runInForeground(context: Context): Promise<number> {
  if (context.args.length > 1)
    throw new LbError('LB_ERR_USAGE', {
      problem: `expected one target to run in the foreground, got ${context.args.length}; use a config file to run several apps`,
    });
  // Its variables are not for the apps.
  const manager = new ServiceManager(context.io.env, context.note);
  const { apps, metrics } = await resolveTarget(context, context.args[0], appFlags(context));
  if (apps.length === 0) throw new LbError('LB_ERR_USAGE', { problem: 'no app to run' });
  const { module, notCopied } = await loadDaemon(context.home);
  context.noteHome();
  if (isFirstProcess()) context.note(NO_INIT);
  try {
    return await module.runForeground({ home: context.home, version: lbVersion(), notCopied, apps, metrics, manager, json: context.json });
  } catch (error) {
    throw metrics === null ? error : asConfigError(error, metrics);
  }
}
