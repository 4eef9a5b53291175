/**
 * A server with or without what the preload counts of it. Argument: `metered` or `bare`. Tells its parent the port it listens
 * on, and, when asked, how much heap is in use.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeartbeatSender } from '../../../src/worker/heartbeat.ts';
import { ProcessMeter } from '../../../src/worker/process-meter.ts';
import { Traffic } from '../../../src/worker/traffic.ts';

const server = createServer((_request, response) => response.end('ok'));
if (process.argv[2] === 'metered') {
  const traffic = new Traffic();
  const meter = new ProcessMeter();
  traffic.start();
  traffic.servers.watch(server);
  meter.start();
  const vitals = {
    complete: <A>(own: A): A => own,
    traffic,
    openCount: () => ({ connections: traffic.connections, delivered: 0, accepted: 0 }),
    cpuMs: () => meter.cpuMs(),
    use: () => meter.sample(),
  };
  new HeartbeatSender(vitals, (beat) => void JSON.stringify(beat)).start();
}
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
