import { statSync } from 'node:fs';
import { basename, resolve, sep } from 'node:path';
import type { Reached } from '../../client/ensure-daemon.ts';
import { appPath } from '../../client/request.ts';
import { findConfigFile, isConfigFile, optionFlags } from '../../config/index.ts';
import { findScript } from '../../config/script.ts';
import { LbError } from '../../errors/lb-error.ts';
import { expectedName, normalName } from '../../lifecycle/app-name.ts';
import type { AppSpec } from '../../lifecycle/app-spec.ts';
import type { StartBody } from '../../protocol/control.ts';
import { ownLimits } from '../../system/limits.ts';
import { JSON_STREAM_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor, reachedDaemon } from '../daemon-of.ts';
import { existingDirectory } from '../io.ts';
import { refuseLooseCommand } from '../loose-command.ts';
import { advisingName } from '../name-taken.ts';
import { forEachTarget, runOperation, type Success } from '../operation.ts';
import { lowerLimits } from '../output/limits-view.ts';
import { checkPm2Flags, FORCE_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { appFlags, applyMetrics, commandForFile, CONFIG_OPTIONS, refuseConfigFlags, resolveTarget } from '../resolve.ts';
import { fetchApps } from '../apps.ts';
import { runInForeground } from './run.ts';

export const start: Command = {
  operands: '[targets...]',
  description:
    'Starts a script, the apps of a config file, or a stopped or errored app by its name. Without a target it uses lb.config.* or ecosystem.config.* of the current directory. Returns when every worker is ready. Starts the daemon if none is running.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--no-daemon', description: 'stay in the foreground, like "lb run"' },
    JSON_STREAM_OPTION,
    ...optionFlags(),
    ...PM2_OPTIONS,
    FORCE_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: [
    'lb start server.js -i max',
    'lb start lb.config.js --env production',
    'lb start server.js -n api -- --port 3000',
    'lb start npm -i max -- start',
    'lb start api',
  ],
  takesAppArgs: true,
  run,
};

async function run(context: Context): Promise<number> {
  checkPm2Flags(context);
  await refuseLooseCommand(context);
  if (context.options['daemon'] === false) return await runInForeground(context);
  const targets = context.args.length === 0 ? [undefined] : context.args;
  return await forEachTarget(context, targets, async (target) => {
    if (target !== undefined && (await startAgain(context, target))) return;
    const { apps, metrics } = await resolveTarget(context, target, appFlags(context));
    const connection = await daemonFor(context, 'start');
    try {
      await applyMetrics(connection.channel, metrics);
      await startApps(context, connection, apps);
    } catch (thrown) {
      if (isBack(context, connection, thrown)) return;
      throw allRunning(context, target, apps, thrown) ?? advisingName(context, target, apps, thrown);
    } finally {
      connection.channel.close();
    }
  });
}

/** Starts an existing app by name; false if there is no such app. */
async function startAgain(context: Context, target: string): Promise<boolean> {
  const name = normalName(target);
  if (expectedName(name) !== undefined || (await isPath(target, context))) return false;
  // Without a daemon, a new one has to load the stopped apps.
  const connection = await reachedDaemon(context, 'change');
  if (connection === null) return false;
  const { channel } = connection;
  try {
    const known = (await fetchApps(channel)).some((app) => app.name === name);
    if (!known) return false;
    refuseConfigFlags(context, 'start', name);
    if (Object.keys(appFlags(context)).length > 0 || context.appArgs.length > 0) throw changesByName(name);
    await runOperation(context, channel, { title: `start of "${name}"`, method: 'POST', path: appPath(name, 'start'), finish: warnOfLimits(context) });
    return true;
  } catch (thrown) {
    if (isBack(context, connection, thrown)) return true;
    throw thrown;
  } finally {
    channel.close();
  }
}

/** An existing file, or a directory with a main script, takes precedence over an app of that name. Extensions are tried only after the app. */
async function isPath(target: string, { io }: Context): Promise<boolean> {
  const cwd = existingDirectory(io);
  if (cwd === null) return false;
  const path = resolve(cwd, target);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats !== undefined;
  return (await findScript(target, cwd))?.startsWith(path + sep) === true;
}

function changesByName(app: string): LbError {
  const problem = `"${app}" is the name of an app and starts with its saved definition; to change that, pass these options with its script or config file`;
  return new LbError('LB_ERR_USAGE', { problem });
}

async function startApps(context: Context, { channel }: Reached, apps: readonly AppSpec[]): Promise<void> {
  const body: StartBody = { apps };
  const title = `start of ${apps.map((app) => `"${app.name}"`).join(', ')}`;
  await runOperation(context, channel, { title, method: 'POST', path: '/v1/apps', body, finish: warnOfLimits(context) });
}

/** Limits are inherited from the daemon, not from this shell. */
const warnOfLimits =
  (context: Context) =>
  (result: Success): Promise<Success> => {
    for (const { name, limits } of result.apps) {
      const lower = limits === undefined ? null : lowerLimits(limits, ownLimits());
      if (lower === null) continue;
      const advice = 'limits come from the daemon: run "lb kill" and start it from here, or raise them where it is started';
      context.note(`${context.errStyle('yellow', 'warning:')} "${name}" has lower limits than this shell: ${lower}; ${advice}`);
    }
    return Promise.resolve(result);
  };

/** Whether what is "already running" is so thanks to this command: it started the daemon, which brought the apps back. */
function isBack({ print, json }: Context, { isNew }: Reached, thrown: unknown): boolean {
  if (!isNew || !(thrown instanceof LbError) || thrown.code !== 'LB_ERR_APP_EXISTS') return false;
  const message = `${String(thrown.details['app'])} is running again`;
  print(json ? JSON.stringify({ type: 'result', ok: true, apps: [], message }) : message);
  return true;
}

/** Null unless all apps of the config file are running; the daemon's error names only the first. */
function allRunning(context: Context, target: string | undefined, apps: readonly AppSpec[], thrown: unknown): LbError | null {
  if (!(thrown instanceof LbError) || thrown.code !== 'LB_ERR_APP_EXISTS') return null;
  const file = target ?? basename(findConfigFile(context.io.cwd) ?? '');
  if (!isConfigFile(file)) return null;
  const names = apps.map((app) => app.name).join(', ');
  return new LbError('LB_ERR_APPS_EXIST', { file, apps: names, command: commandForFile(context, 'reload', file) });
}
