import { basename } from 'node:path';
import { fetchEnv } from '../client/env.ts';
import { appPath, type Channel } from '../client/request.ts';
import { findConfigFile } from '../config/index.ts';
import { applyPlan, type ApplyStep } from '../lifecycle/apply-plan.ts';
import { keepInherited } from '../lifecycle/inherited-part.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { isSamePlace } from '../system/same-place.ts';
import { fetchApps, isRunning } from './apps.ts';
import type { Context } from './context.ts';
import { advisingName } from './name-taken.ts';
import { runOperation } from './operation.ts';
import type { Resolved } from './resolve.ts';
import { rolloutOf } from './rollout.ts';

/** The steps from what runs to the definitions. @param channel null if nothing runs */
export async function stepsFor({ options }: Context, { apps: specs, file, names }: Resolved, channel: Channel | null): Promise<readonly ApplyStep[]> {
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

/** One request to the daemon: what is started is started side by side. */
type Change = Exclude<ApplyStep, { do: 'start' | 'keep' }> | { readonly do: 'start'; readonly specs: Resolved['apps'] };

export function changesOf(steps: readonly ApplyStep[]): readonly Change[] {
  const specs = steps.flatMap((step) => (step.do === 'start' ? [step.spec] : []));
  const others = steps.flatMap((step) => (step.do === 'start' || step.do === 'keep' ? [] : [step]));
  return specs.length === 0 ? others : [{ do: 'start', specs }, ...others];
}

export async function carryOut(context: Context, channel: Channel, change: Change, resolved: Resolved): Promise<void> {
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
