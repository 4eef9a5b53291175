import { basename } from 'node:path';
import { fetchEnv } from '../../client/env.ts';
import { appPath, type Channel } from '../../client/request.ts';
import { findConfigFile } from '../../config/index.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import { applyPlan, type ApplyStep } from '../../lifecycle/apply-plan.ts';
import { keepInherited } from '../../lifecycle/inherited-part.ts';
import type { AppSnapshot } from '../../protocol/snapshot.ts';
import { isSamePlace } from '../../system/same-place.ts';
import { answer } from '../answer.ts';
import { fetchApps, isRunning } from '../apps.ts';
import { ATTACH_OPTION, thenAttach } from '../attach.ts';
import { JSON_STREAM_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import { confirm, YES_OPTION } from '../confirm.ts';
import type { Context } from '../context.ts';
import { daemonFor, reachedDaemon } from '../daemon-of.ts';
import { advisingName } from '../name-taken.ts';
import { forEachTarget, runOperation } from '../operation.ts';
import { describeStep, shownStep } from '../output/apply-step.ts';
import { NO_LOCK_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { applyMetrics, CONFIG_OPTIONS, refuseOtherTarget, resolveTarget, type Resolved } from '../resolve.ts';
import { ROLLOUT_OPTIONS, rolloutOf } from '../rollout.ts';

export const apply: Command = {
  operands: '[file]',
  description:
    'Makes what runs match a config file, by default that of the current directory: starts what is missing, reloads what has another definition now, scales where only the number of workers differs, and leaves the rest alone. Run again, it does nothing.',
  options: [
    { flags: '--dry-run', description: 'only say what would be done' },
    { flags: '--prune', description: 'also delete apps that came from this file and are no longer in it' },
    YES_OPTION,
    { flags: '--reload', description: 'also reload what has not changed, for new code' },
    ...CONFIG_OPTIONS,
    UPDATE_ENV_OPTION,
    ...ROLLOUT_OPTIONS,
    ATTACH_OPTION,
    JSON_STREAM_OPTION,
    ...PM2_OPTIONS,
    NO_LOCK_OPTION,
  ],
  exits: ['failed', 'notFound', 'daemon', 'aborted', 'interrupted'],
  examples: ['lb apply', 'lb apply lb.config.js --env production', 'lb apply --prune --yes', 'lb apply --dry-run'],
  run,
};

/** PM2 reloads whatever runs: its scripts deploy new code with it, and the file stays as it was. */
export const startOrReload: Command = {
  ...apply,
  description: 'The same as "lb apply --reload": starts what is missing and reloads what runs, with the definitions of a config file.',
  examples: ['lb startOrReload ecosystem.config.js'],
  run: (context) => run({ ...context, options: { ...context.options, reload: true } }),
};

async function run(context: Context): Promise<number> {
  const { options } = context;
  const target = context.args[0];
  refuseOtherTarget(context, target);
  if (options['prune'] === true && typeof options['only'] === 'string')
    throw new LbError('LB_ERR_USAGE', { problem: '--prune looks at the whole file, and --only at a part of it; leave one of them out' });
  const resolved = await resolveTarget(context, target, {});
  if (options['prune'] === true && resolved.file === null)
    throw new LbError('LB_ERR_USAGE', { problem: '--prune needs a file: what comes on stdin has no name by which its apps are known' });
  if (options['dryRun'] === true) return await onlySay(context, resolved);
  const { channel } = await daemonFor(context, 'start');
  try {
    const steps = await stepsFor(context, resolved, channel);
    await confirmDeletions(context, steps, resolved);
    await applyMetrics(channel, resolved.metrics);
    return await thenAttach(context, async (touched) => {
      for (const step of steps) if (step.do !== 'delete') touched(step.app);
      const code = await forEachTarget(context, changesOf(steps), (change) => carryOut(context, channel, change, resolved));
      if (code === EXIT.ok) await sayUnchanged(context, channel, steps);
      return code;
    });
  } finally {
    channel.close();
  }
}

/** Without a daemon nothing runs; to say so, none is started. */
async function onlySay(context: Context, resolved: Resolved): Promise<number> {
  const connection = await reachedDaemon(context, 'read');
  try {
    const steps = await stepsFor(context, resolved, connection?.channel ?? null);
    if (context.json) context.print(JSON.stringify({ steps: steps.map(shownStep) }));
    else for (const step of steps) context.print(describeStep(step));
    return EXIT.ok;
  } finally {
    connection?.channel.close();
  }
}

async function stepsFor({ options }: Context, { apps: specs, file, names }: Resolved, channel: Channel | null): Promise<readonly ApplyStep[]> {
  const present = channel === null ? [] : await fetchApps(channel);
  const updatesEnv = options['updateEnv'] === true;
  const envs = channel === null ? new Map<string, Env>() : await environmentsOf(channel, present, new Set(specs.map(({ name }) => name)));
  const kept = specs.map((spec) => {
    const app = present.find(({ name }) => name === spec.name);
    const env = envs.get(spec.name);
    return updatesEnv || app === undefined || env === undefined ? spec : keepInherited({ ...app.spec, env }, spec);
  });
  return applyPlan({ file, specs: kept, names }, present, {
    prune: options['prune'] === true,
    reloadAll: options['reload'] === true,
    hasOtherEnv: ({ name, env }) => updatesEnv && !isSameEnv(env, envs.get(name) ?? env),
    isSameFile: isSamePlace,
  });
}

type Env = Readonly<Record<string, string>>;

async function environmentsOf(channel: Channel, present: readonly AppSnapshot[], wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, Env>> {
  const running = present.filter((app) => isRunning(app) && wanted.has(app.name));
  return new Map(await Promise.all(running.map(async ({ name }) => [name, await fetchEnv(channel, name)] as const)));
}

const isSameEnv = (a: Env, b: Env): boolean => {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
};

async function confirmDeletions(context: Context, steps: readonly ApplyStep[], { file }: Resolved): Promise<void> {
  const names = steps.flatMap((step) => (step.do === 'delete' ? [step.app] : []));
  if (names.length > 0) await confirm(context, `this deletes ${names.join(', ')}, no longer in ${basename(file ?? '')}`);
}

/** One request to the daemon: what is started is started side by side. */
type Change = Exclude<ApplyStep, { do: 'start' | 'keep' }> | { readonly do: 'start'; readonly specs: Resolved['apps'] };

function changesOf(steps: readonly ApplyStep[]): readonly Change[] {
  const specs = steps.flatMap((step) => (step.do === 'start' ? [step.spec] : []));
  const others = steps.flatMap((step) => (step.do === 'start' || step.do === 'keep' ? [] : [step]));
  return specs.length === 0 ? others : [{ do: 'start', specs }, ...others];
}

async function carryOut(context: Context, channel: Channel, change: Change, resolved: Resolved): Promise<void> {
  const file = context.args[0] ?? basename(findConfigFile(context.io.cwd) ?? '');
  try {
    await runOperation(context, channel, operationOf(context, change));
  } catch (thrown) {
    throw advisingName(context, file, resolved.apps, thrown);
  }
}

function operationOf(context: Context, change: Change): Parameters<typeof runOperation>[2] {
  switch (change.do) {
    case 'start':
      return { title: `start of ${change.specs.map(({ name }) => `"${name}"`).join(', ')}`, method: 'POST', path: '/v1/apps', body: { apps: change.specs } };
    case 'reload':
      return {
        ...{ title: `reload of "${change.app}"`, method: 'POST', path: appPath(change.app, 'reload') },
        body: { ...rolloutOf(context), spec: change.spec },
      };
    case 'scale':
      return { title: `scaling of "${change.app}"`, method: 'POST', path: appPath(change.app, 'scale'), body: { to: change.to } };
    case 'delete':
      return { title: `deletion of "${change.app}"`, method: 'DELETE', path: appPath(change.app), body: {} };
  }
}

async function sayUnchanged(context: Context, channel: Channel, steps: readonly ApplyStep[]): Promise<void> {
  const names = steps.flatMap((step) => (step.do === 'keep' ? [step.app] : []));
  if (names.length === 0) return;
  const message = `${names.join(', ')}: unchanged`;
  if (!context.json) return answer(context, message);
  const apps = (await fetchApps(channel)).filter(({ name }) => names.includes(name));
  context.print(JSON.stringify({ type: 'result', ok: true, apps, message }));
}
