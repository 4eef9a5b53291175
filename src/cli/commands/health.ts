import { EXIT } from '../../errors/registry.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { terminalWidth } from '../io.ts';
import { healthView, isHealthy } from '../output/health-view.ts';
import { fetchApps } from '../apps.ts';
import { chooseOne } from '../choose-with-files.ts';
import { daemonFor } from '../daemon-of.ts';

export const health: Command = {
  operands: '<app>',
  description:
    'Reports whether an app is healthy: one line per worker with its checks, its ejections and why it is out of rotation. Exits with 0 if at least ready_min workers are ready, otherwise with 1.',
  options: [JSON_OPTION],
  exits: ['failed', 'notFound', 'daemon'],
  examples: ['lb health api', 'lb health api > /dev/null && echo healthy'],
  run,
};

async function run(context: Context): Promise<number> {
  const { channel } = await daemonFor(context, 'read');
  try {
    const { app } = await chooseOne(context, await fetchApps(channel));
    const healthy = isHealthy(app);
    const { name, ready, instances, unserved, panic, health: workers } = app;
    if (context.json) context.print(JSON.stringify({ app: name, healthy, ready, instances, readyMin: app.spec.readyMin, unserved, panic, workers }));
    else context.io.stdout.write(healthView(app, { width: terminalWidth(context.io.stdout), style: context.outStyle }));
    return healthy ? EXIT.ok : EXIT.failed;
  } finally {
    channel.close();
  }
}
