import type { Channel } from '../client/request.ts';
import { answer } from './answer.ts';
import { ALL } from './choose.ts';
import type { Context } from './context.ts';
import { daemonFor } from './daemon-of.ts';
import { forEachApp } from './targets.ts';

const RULES = { ofAll: () => true, none: 'there are no apps' };

/** Does something for each app that was chosen, by default all, whether it runs or not, and prints what was done. */
export async function forEachChosen(context: Context, work: (channel: Channel, app: string) => Promise<string>): Promise<number> {
  const { channel } = await daemonFor(context, 'change');
  try {
    const args = context.args.length === 0 ? [ALL] : context.args;
    return await forEachApp({ ...context, args }, channel, RULES, async ({ name }) => answer(context, await work(channel, name)));
  } finally {
    channel.close();
  }
}
