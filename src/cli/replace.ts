import { appPath, type Channel } from '../client/request.ts';
import type { MetricsConfig } from '../config/metrics-key.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { Context } from './context.ts';
import { advisingName } from './name-taken.ts';
import { forEachTarget, runOperation } from './operation.ts';
import { checkPm2Flags } from './pm2-habits.ts';
import { applyMetrics, isExistingConfig, refuseConfigFlags, resolveTarget } from './resolve.ts';
import { ALL, appNamed, fetchApps, isRunning } from './targets.ts';
import { callersEnv } from './update-env.ts';
import { daemonFor } from './daemon-of.ts';

/** One app to reload or restart, with its new definition if there is one. */
interface Replacement {
  readonly name: string;
  readonly spec: AppSpec | null;
  /** The config file, and all apps of it; with a definition only. */
  readonly file?: string;
  readonly siblings: readonly AppSpec[];
}

/** What `lb reload` and `lb restart` share: names, `all` and config files as targets. */
export async function replaceApps(context: Context, action: 'reload' | 'restart', body: object): Promise<number> {
  checkPm2Flags(context);
  const { files: fromFiles, metrics } = await replacementsOfFiles(context, action);
  const { channel } = await daemonFor(context, 'change');
  try {
    const apps = await fetchApps(channel);
    await applyMetrics(channel, metrics);
    const replacements = replacementsOf(context, apps, fromFiles);
    return await forEachTarget(context, replacements, async (replacement) => {
      const { name, spec } = replacement;
      const app = apps.find((each) => each.name === name);
      const isNew = spec !== null && (app === undefined || !isRunning(app));
      if (!isNew) appNamed(apps, name);
      try {
        if (isNew) await startInstead(context, channel, spec);
        else await replaceRunning(context, channel, action, replacement, body);
      } catch (thrown) {
        throw spec === null ? thrown : advisingName(context, replacement.file, replacement.siblings, thrown);
      }
    });
  } finally {
    channel.close();
  }
}

async function replaceRunning(context: Context, channel: Channel, action: string, { name, spec }: Replacement, body: object): Promise<void> {
  const given = spec === null ? envUpdate(context) : { spec };
  await runOperation(context, channel, { title: `${action} of "${name}"`, method: 'POST', path: appPath(name, action), body: { ...body, ...given } });
}

/** Only for targets by name: definitions from a file already contain this environment, with lower precedence than the file. */
function envUpdate({ options, io }: Context): { readonly updateEnv?: Readonly<Record<string, string>> } {
  return options['updateEnv'] === true ? { updateEnv: callersEnv(io.env) } : {};
}

/** Reads all files before the first request to the daemon, so that a mistake in a file changes nothing. */
async function replacementsOfFiles(context: Context, action: string): Promise<{ files: Map<string, Replacement[]>; metrics: MetricsConfig | null }> {
  const files = new Map<string, Replacement[]>();
  let metrics: MetricsConfig | null = null;
  for (const word of context.args) {
    if (!isExistingConfig(context, word)) {
      refuseConfigFlags(context, action, word);
      continue;
    }
    const resolved = await resolveTarget(context, word, {});
    metrics = resolved.metrics ?? metrics;
    files.set(
      word,
      resolved.apps.map((spec) => ({ name: spec.name, spec, file: word, siblings: resolved.apps })),
    );
  }
  return { files, metrics };
}

function replacementsOf(context: Context, apps: readonly AppSnapshot[], fromFiles: ReadonlyMap<string, Replacement[]>): Replacement[] {
  const running = apps
    .filter(isRunning)
    .map((app) => app.name)
    .sort();
  if (context.args.includes(ALL) && running.length === 0) context.note('no app is running');
  const all = context.args.flatMap((word) => {
    const names = word === ALL ? running : [word];
    return fromFiles.get(word) ?? names.map((name) => ({ name, spec: null, siblings: [] }));
  });
  return [...new Map(all.map((each) => [each.name, each])).values()];
}

/** An app of the file that is not running has nothing to replace, so it is started. */
async function startInstead(context: Context, channel: Channel, spec: AppSpec): Promise<void> {
  context.note(`"${spec.name}" is not running, starting it`);
  await runOperation(context, channel, { title: `start of "${spec.name}"`, method: 'POST', path: '/v1/apps', body: { apps: [spec] } });
}
