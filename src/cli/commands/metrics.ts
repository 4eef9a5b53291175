import { parseMetricsUrl } from '../../client/parse.ts';
import type { Channel } from '../../client/request.ts';
import { hostPort } from '../../config/kinds.ts';
import { isHostName } from '../../config/metrics-key.ts';
import { LbError } from '../../errors/lb-error.ts';
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
  options: [
    { flags: '--listen <address>', description: 'serve them on this port of 127.0.0.1, or at host:port; "off" stops serving', parse: readListen },
    {
      flags: '--hosts <names>',
      description: 'with --listen: names that scrapers may use, with commas, besides IP addresses, localhost and the name of this machine',
      parse: readHosts,
    },
  ],
  exits: ['failed', 'daemon'],
  examples: ['lb metrics', 'lb metrics --listen 127.0.0.1:9615', 'lb metrics --listen 0.0.0.0:9615 --hosts web1.internal', 'lb metrics --listen off'],
  run,
};

function readListen(text: string): MetricsBody {
  if (text === 'off') return { listen: null };
  const parsed = hostPort.parse(text);
  if ('value' in parsed && parsed.value !== null) return { listen: parsed.value };
  throw new Error('expected a port, host:port, or off');
}

function readHosts(text: string): readonly string[] {
  const hosts = text.split(',').map((name) => name.trim());
  if (hosts.every(isHostName)) return hosts;
  throw new Error('expected names of hosts, such as web1.internal,metrics');
}

async function run(context: Context): Promise<number> {
  const { listen, hosts } = context.options;
  const { channel } = await daemonFor(context, listen === undefined ? 'read' : 'change');
  try {
    if (typeof listen === 'object') await serve(context, channel, parseMetricsBody({ ...listen, hosts }));
    else if (hosts !== undefined) throw new LbError('LB_ERR_USAGE', { problem: '--hosts goes with --listen' });
    else context.io.stdout.write(await channel.text('/v1/metrics'));
    return EXIT.ok;
  } finally {
    channel.close();
  }
}

async function serve(context: Context, channel: Channel, body: MetricsBody): Promise<void> {
  const url = parseMetricsUrl(await channel.json('/v1/metrics', { method: 'POST', body }));
  context.print(url === null ? 'the metrics are no longer served' : `the metrics are served at ${url}`);
}
