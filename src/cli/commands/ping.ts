import { EXIT } from '../../errors/registry.ts';
import type { DaemonHello } from '../../protocol/control.ts';
import { JSON_OPTION, type Command } from '../command.ts';
import type { Context } from '../context.ts';
import { age } from '../output/format.ts';
import { daemonFor } from '../daemon-of.ts';

export const ping: Command = {
  operands: '',
  description:
    'Checks whether the daemon responds, and shows its pid, its version and where it serves the metrics. Never starts a daemon: without one it exits with 4.',
  options: [JSON_OPTION],
  exits: ['daemon'],
  examples: ['lb ping', 'lb ping --json | jq .pid'],
  run,
};

async function run(context: Context): Promise<number> {
  const { hello, channel } = await daemonFor(context, 'read');
  channel.close();
  if (context.json) context.print(JSON.stringify(hello));
  else context.print(`pong: lb ${hello.version}, pid ${hello.pid}, node ${hello.node.replace(/^v/, '')}, up for ${age(hello.uptimeMs)}${served(hello)}`);
  return EXIT.ok;
}

/** The metrics address; empty if there is none. */
function served({ metrics }: DaemonHello): string {
  if (metrics == null) return '';
  return `\nmetrics: ${metrics.url}${metrics.problem === null ? '' : ` (not served: ${metrics.problem}; retrying every second)`}`;
}
