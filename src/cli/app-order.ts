import { appPath } from '../client/request.ts';
import { LbError } from '../errors/lb-error.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { fetchApps, isRunning } from './apps.ts';
import type { Context } from './context.ts';
import { daemonFor } from './daemon-of.ts';
import { forEachTarget, runOperation } from './operation.ts';
import { targetsOf } from './targets.ts';

interface AppOrder {
  readonly title: string;
  readonly route: string;
  /** @param slot null for all of the app */
  readonly body: (app: AppSnapshot, slot: number | null) => object;
}

/** Sends one request for each app that a word chooses: `scale`, `balance`, `weight`, `signal`. Resolves with the exit code. */
export async function orderApp(context: Context, word: string, { title, route, body }: AppOrder): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  try {
    const targets = await targetsOf(context, await fetchApps(channel), [word], { ofAll: isRunning, none: 'no app is running' });
    return await forEachTarget(context, targets, async (target) => {
      if (target instanceof LbError) throw target;
      const { app, slot } = target;
      await runOperation(context, channel, { title: `${title} "${app.name}"`, method: 'POST', path: appPath(app.name, route), body: body(app, slot) });
    });
  } finally {
    channel.close();
  }
}
