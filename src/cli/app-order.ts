import { appPath } from '../client/request.ts';
import type { Context } from './context.ts';
import { forEachTarget, runOperation } from './operation.ts';
import { appNamed, fetchApps } from './targets.ts';
import { daemonFor } from './daemon-of.ts';

/** Sends one request for one app: `scale`, `balance`, `weight`, `signal`. Resolves with the exit code. */
export async function orderApp(
  context: Context,
  name: string,
  order: { readonly title: string; readonly route: string; readonly body: object },
): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  try {
    return await forEachTarget(context, [name], async () => {
      appNamed(await fetchApps(channel), name);
      await runOperation(context, channel, { title: `${order.title} "${name}"`, method: 'POST', path: appPath(name, order.route), body: order.body });
    });
  } finally {
    channel.close();
  }
}
