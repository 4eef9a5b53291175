import { basename } from 'node:path';
import type { Channel } from '../../client/request.ts';
import { LbError } from '../../errors/lb-error.ts';
import { EXIT } from '../../errors/registry.ts';
import type { ApplyStep } from '../../lifecycle/apply-plan.ts';
import { answer } from '../answer.ts';
import { carryOut, changesOf, stepsFor } from '../apply-steps.ts';
import { fetchApps } from '../apps.ts';
import { ATTACH_OPTION, thenAttach } from '../attach.ts';
import { JSON_STREAM_OPTION, UPDATE_ENV_OPTION, type Command } from '../command.ts';
import { confirm, YES_OPTION } from '../confirm.ts';
import type { Context } from '../context.ts';
import { daemonFor, reachedDaemon } from '../daemon-of.ts';
import { forEachTarget } from '../operation.ts';
import { describeStep, shownStep } from '../output/apply-step.ts';
import { NO_LOCK_OPTION, PM2_OPTIONS } from '../pm2-habits.ts';
import { applyMetrics, CONFIG_OPTIONS, refuseOtherTarget, resolveTarget, type Resolved } from '../resolve.ts';
import { ROLLOUT_OPTIONS } from '../rollout.ts';

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

async function confirmDeletions(context: Context, steps: readonly ApplyStep[], { file }: Resolved): Promise<void> {
  const names = steps.flatMap((step) => (step.do === 'delete' ? [step.app] : []));
  if (names.length > 0) await confirm(context, `this deletes ${names.join(', ')}, no longer in ${basename(file ?? '')}`);
}

async function sayUnchanged(context: Context, channel: Channel, steps: readonly ApplyStep[]): Promise<void> {
  const names = steps.flatMap((step) => (step.do === 'keep' ? [step.app] : []));
  if (names.length === 0) return;
  const message = `${names.join(', ')}: unchanged`;
  if (!context.json) return answer(context, message);
  const apps = (await fetchApps(channel)).filter(({ name }) => names.includes(name));
  context.print(JSON.stringify({ type: 'result', ok: true, apps, message }));
}
