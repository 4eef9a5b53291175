import { firstAnswerOfAnother, monotonicMs } from '../lib/poll.mjs';
import { App } from '../subjects/app.mjs';

/**
 * From the spawn of `node app.cjs` to its first answer.
 * @param {import('../context.mjs').Context} context
 * @param {import('../subjects/plain-node.mjs').PlainNode} plainNode
 */
export async function ownBoot(context, plainNode) {
  const app = await App.create(context.workspace, { supervised: false });
  const startedAt = monotonicMs();
  plainNode.spawn(app);
  const answeredAt = await firstAnswerOfAnother(app.port, new Set());
  await plainNode.stop(app);
  return { app, startedAt, answeredAt };
}
