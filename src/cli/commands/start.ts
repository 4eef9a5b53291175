import { statSync } from 'node:fs';
import { basename, resolve, sep } from 'node:path';
import { appPath, type Channel } from '../../client/request.ts';
import { findConfigFile, isConfigFile, optionFlags } from '../../config/index.ts';
import { findScript } from '../../config/script.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { expectedName, normalName } from '../../lifecycle/app-name.ts';
import type { StartBody } from '../../protocol/control.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { ownLimits } from '../../system/limits.ts';
import { JSON_STREAM_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor, reachedDaemon } from '../daemon-of.ts';
import { existingDirectory } from '../io.ts';
import { refuseLooseCommand } from '../loose-command.ts';
import { advisingName } from '../name-taken.ts';
import { forEachTarget, runOperation, type Success } from '../operation.ts';
import { lowerLimits } from '../output/limits-view.ts';
import { FORCE_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { appFlags, applyMetrics, commandForFile, CONFIG_OPTIONS, refuseConfigFlags, resolveTarget, type Resolved } from '../resolve.ts';
import { envUpdate } from '../update-env.ts';
import { carryOut, changesOf, stepsFor } from '../apply-steps.ts';
import { fetchApps, isRunning } from '../apps.ts';
import { ATTACH_OPTION, thenAttach, type Touched } from '../attach.ts';
import { ALL, choose } from '../choose.ts';
import { runInForeground } from './run.ts';

export const start: Command = {
  operands: '[targets...]',
  description:
    'Starts a script, the apps of a config file, or stopped and errored apps by name, id, pattern or "all". Without a target it uses lb.config.* or ecosystem.config.* of the current directory. Returns when every worker is ready. What runs as it is defined is left alone. Starts the daemon if none is running.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--no-daemon', description: 'stay in the foreground, like "lb run"' },
    UPDATE_ENV_OPTION,
    { flags: '--reload', description: 'also reload what runs, for new code or another definition' },
    FORCE_OPTION,
    ATTACH_OPTION,
    JSON_STREAM_OPTION,
    ...optionFlags(),
    ...PM2_OPTIONS,
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
  await refuseLooseCommand(context);
  if (context.options['daemon'] === false) return await runInForeground(context);
  const targets = context.args.length === 0 ? [undefined] : context.args;
  return await thenAttach(context, async (touched) => {
    const steps: (() => Promise<number>)[] = [];
    for (const target of targets) {
      const known = target === undefined ? null : await knownApps(context, target);
      steps.push(...(known ?? [null]).map((app) => () => (app === null ? startDefined(context, target, touched) : startAgain(context, app, touched))));
    }
    const codes: number[] = [];
    const failed = await forEachTarget(context, steps, async (step) => void codes.push(await step()));
    return failed === EXIT.ok ? Math.max(EXIT.ok, ...codes) : failed;
  });
}

const alsoReloads = ({ options }: Context): boolean => options['reload'] === true;

/** Starts what does not run; with `--reload` also puts the definitions of what runs in place. Resolves with the exit code of that. */
async function startDefined(context: Context, target: string | undefined, touched: Touched): Promise<number> {
  const resolved = await resolveTarget(context, target, appFlags(context));
  const connection = await daemonFor(context, 'start');
  const { channel } = connection;
  try {
    const { apps, metrics } = context.options['force'] === true ? await underFreeName(context, target, resolved, channel) : resolved;
    const reloads = alsoReloads(context) ? (await stepsFor(context, { ...resolved, apps }, channel)).filter((step) => step.do === 'reload') : [];
    const fresh = apps.filter(({ name }) => reloads.every(({ app }) => app !== name));
    await applyMetrics(channel, metrics);
    for (const { name } of apps) touched(name);
    if (fresh.length > 0) {
      const body: StartBody = { apps: fresh };
      const title = `start of ${fresh.map((app) => `"${app.name}"`).join(', ')}`;
      await runOperation(context, channel, { title, method: 'POST', path: '/v1/apps', body, finish: warnOfLimits(context) });
    }
    return await forEachTarget(context, changesOf(reloads), (change) => carryOut(context, channel, change, resolved));
  } catch (thrown) {
    throw advisingApply(context, target, advisingName(context, target, resolved.apps, thrown));
  } finally {
    channel.close();
  }
}

/** With `--force` a script runs a second time, under the first name that is free. */
async function underFreeName(context: Context, target: string | undefined, resolved: Resolved, channel: Channel): Promise<Resolved> {
  const [app, ...others] = resolved.apps;
  if (app === undefined || others.length > 0) return resolved;
  const taken = new Set((await fetchApps(channel)).map(({ name }) => name));
  let name = app.name;
  for (let number = 2; taken.has(name); number++) name = `${app.name}-${number}`;
  return name === app.name ? resolved : await resolveTarget(context, target, { ...appFlags(context), name });
}

/** The apps for which a word stands: a name, an id, `all` or a pattern. Null if it stands for none, and may be a script. */
async function knownApps(context: Context, target: string): Promise<readonly AppSnapshot[] | null> {
  if (!isWord(target) || (await isPath(target, context))) return null;
  // Without a daemon, a new one has to load the stopped apps.
  const connection = await reachedDaemon(context, 'change');
  if (connection === null) return null;
  try {
    const { chosen, isGroup } = choose(await fetchApps(connection.channel), target);
    refuseConfigFlags(context, 'start', target);
    if (Object.keys(appFlags(context)).length > 0 || context.appArgs.length > 0) throw changesByName(target);
    const apps = chosen.map(({ app }) => app).filter((app) => !isGroup || alsoReloads(context) || !isRunning(app));
    if (apps.length === 0) context.note(alsoReloads(context) ? 'there are no apps' : 'no app is stopped');
    return apps;
  } catch (error) {
    if (['LB_ERR_APP_NOT_FOUND', 'LB_ERR_NO_MATCH'].includes(LbError.from(error).code)) return null;
    throw error;
  } finally {
    connection.channel.close();
  }
}

/** What may be the name of an app, or stand for several. */
const isWord = (target: string): boolean => expectedName(normalName(target)) === undefined || target === ALL || /^\/.+\/i?$/.test(target);

/** Starts an app as it is defined, or reloads it. */
async function startAgain(context: Context, app: AppSnapshot, touched: Touched): Promise<number> {
  const { name } = app;
  const action = alsoReloads(context) && isRunning(app) ? 'reload' : 'start';
  const { channel } = await daemonFor(context, 'change');
  try {
    touched(name);
    const [title, path] = [`${action} of "${name}"`, appPath(name, action)];
    await runOperation(context, channel, { title, method: 'POST', path, body: envUpdate(context), finish: warnOfLimits(context) });
    return EXIT.ok;
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

/** How the other definition of a config file is put in place. */
function advisingApply(context: Context, target: string | undefined, thrown: unknown): unknown {
  if (!(thrown instanceof LbError) || thrown.code !== 'LB_ERR_OTHER_DEFINITION') return thrown;
  const file = target ?? basename(findConfigFile(context.io.cwd) ?? '');
  return isConfigFile(file) ? thrown.advising(`put this one in place with "${commandForFile(context, 'apply', file)}"`) : thrown;
}
