import { appPath, type Channel } from '../client/request.ts';
import type { MetricsConfig } from '../config/metrics-key.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { fetchApps, isRunning } from './apps.ts';
import { thenAttach, type Touched } from './attach.ts';
import type { Context } from './context.ts';
import { daemonFor } from './daemon-of.ts';
import { advisingName } from './name-taken.ts';
import { forEachTarget, runOperation } from './operation.ts';
import { applyMetrics, isConfigTarget, refuseConfigFlags, resolveTarget } from './resolve.ts';
import { targetsOf, type Target } from './targets.ts';
import { envUpdate } from './update-env.ts';

type Action = 'reload' | 'restart';

/** A definition of a config file, and all apps of that file. */
interface Defined {
  readonly spec: AppSpec;
  readonly file: string;
  readonly siblings: readonly AppSpec[];
}

const RULES = { ofAll: () => true, none: 'there are no apps' };

/** What `lb reload` and `lb restart` share. @param atOnce how many apps */
export async function replaceApps(context: Context, action: Action, body: object, atOnce = 1): Promise<number> {
  const { files, metrics } = await definitionsOfFiles(context, action);
  const { channel } = await daemonFor(context, 'change');
  try {
    const apps = await fetchApps(channel);
    await applyMetrics(channel, metrics);
    const all = await replacements(context, apps, files);
    const one = async (target: Target | Defined, touched: Touched): Promise<void> => {
      if (target instanceof LbError) throw target;
      touched('spec' in target ? target.spec.name : target.app.name);
      if ('spec' in target) await replaceDefined(context, channel, action, target, apps, body);
      else await replaceChosen(context, channel, action, target, body);
    };
    return await thenAttach(context, (touched) => forEachTarget(context, all, (target) => one(target, touched), atOnce));
  } finally {
    channel.close();
  }
}

/** Reads all files before the first request to the daemon, so that a mistake in a file changes nothing. */
async function definitionsOfFiles(context: Context, action: Action): Promise<{ files: Map<string, Defined[]>; metrics: MetricsConfig | null }> {
  const files = new Map<string, Defined[]>();
  let metrics: MetricsConfig | null = null;
  for (const word of context.args) {
    if (!isConfigTarget(context, word)) {
      refuseConfigFlags(context, action, word);
      continue;
    }
    const resolved = await resolveTarget(context, word, {});
    metrics = resolved.metrics ?? metrics;
    files.set(
      word,
      resolved.apps.map((spec) => ({ spec, file: word, siblings: resolved.apps })),
    );
  }
  return { files, metrics };
}

/** Each app once, in the order of the command line. The last word for an app counts. */
async function replacements(context: Context, apps: readonly AppSnapshot[], files: ReadonlyMap<string, Defined[]>): Promise<readonly (Target | Defined)[]> {
  const all: (Target | Defined)[] = [];
  for (const word of context.args) all.push(...(files.get(word) ?? (await targetsOf(context, apps, [word], RULES))));
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

function keyOf(one: Target | Defined): unknown {
  if ('spec' in one) return one.spec.name;
  return one instanceof LbError ? one : `${one.app.name}${one.slot === null ? '' : `:${one.slot}`}`;
}

async function replaceDefined(context: Context, channel: Channel, action: Action, defined: Defined, apps: readonly AppSnapshot[], body: object): Promise<void> {
  const { spec, file, siblings } = defined;
  const app = apps.find(({ name }) => name === spec.name);
  try {
    if (app !== undefined && isRunning(app)) await replace(context, channel, action, spec.name, { ...body, spec });
    else await startInstead(context, channel, spec.name, '/v1/apps', { apps: [spec] });
  } catch (thrown) {
    throw advisingName(context, file, siblings, thrown);
  }
}

async function replaceChosen(context: Context, channel: Channel, action: Action, { app, slot }: Exclude<Target, LbError>, body: object): Promise<void> {
  if (slot !== null && context.options['updateEnv'] === true) {
    const problem = `"${app.ids?.[slot]}" is one slot of "${app.name}", and --update-env is for all of them: lb ${action} ${app.name} --update-env`;
    throw new LbError('LB_ERR_USAGE', { problem });
  }
  if (!isRunning(app)) await startInstead(context, channel, app.name, appPath(app.name, 'start'), envUpdate(context));
  else await replace(context, channel, action, app.name, { ...body, ...envUpdate(context), ...(slot === null ? {} : { slots: [slot] }) });
}

const replace = (context: Context, channel: Channel, action: Action, name: string, body: object): Promise<void> =>
  runOperation(context, channel, { title: `${action} of "${name}"`, method: 'POST', path: appPath(name, action), body });

/** What does not run has nothing to replace. */
async function startInstead(context: Context, channel: Channel, name: string, path: string, body: object): Promise<void> {
  context.note(`"${name}" is not running, starting it`);
  await runOperation(context, channel, { title: `start of "${name}"`, method: 'POST', path, body });
}
