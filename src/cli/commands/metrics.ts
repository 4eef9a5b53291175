import { parseMetricsUrl } from '../../client/parse.ts';
import type { Channel } from '../../client/request.ts';
import { hostPort } from '../../config/kinds.ts';
import { EXIT } from '../../errors/registry.ts';
import type { MetricsBody } from '../../protocol/control.ts';
import { parseMetricsBody } from '../../protocol/parse-requests.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { daemonFor } from '../daemon-of.ts';

export const metrics: Command = {
  operands: '',
  description:
    'Prints the metrics of all apps in the Prometheus format. With --listen the daemon serves them over HTTP at /metrics from now on, also after a restart of the daemon.',
  options: [{ flags: '--listen <address>', description: 'serve them on this port of 127.0.0.1, or at host:port; "off" stops serving', parse: readListen }],
  exits: ['failed', 'daemon'],
  examples: ['lb metrics', 'lb metrics --listen 127.0.0.1:9615', 'lb metrics --listen off'],
  run,
};

function readListen(text: string): MetricsBody {
  if (text === 'off') return { listen: null };
  const parsed = hostPort.parse(text);
  if ('value' in parsed && parsed.value !== null) return { listen: parsed.value };
  throw new Error('expected a port, host:port, or off');
}

async function run(context: Context): Promise<number> {
  const wanted = context.options['listen'];
  const { channel } = await daemonFor(context, wanted === undefined ? 'read' : 'change');
  try {
    if (wanted === undefined) context.io.stdout.write(await channel.text('/v1/metrics'));
    else await serve(context, channel, parseMetricsBody(wanted));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}

async function serve(context: Context, channel: Channel, body: MetricsBody): Promise<void> {
  const url = parseMetricsUrl(await channel.json('/v1/metrics', { method: 'POST', body }));
  context.print(url === null ? 'the metrics are no longer served' : `the metrics are served at ${url}`);
}
