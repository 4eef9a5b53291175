// As many requests as the server answers, on raw sockets: where wrk is not installed, and where each client needs an address of its own.
const net = require('node:net');
const { responseLength } = require('./response.cjs');

const { ports, addresses, connections, durationMs, keepAlive } = JSON.parse(process.argv[2]);
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${ports[0]}\r\n${keepAlive ? '' : 'Connection: close\r\n'}\r\n`);
let answered = 0;
let failed = 0;
let stopped = false;

function open(client) {
  if (stopped) return;
  const localAddress = addresses ? `127.0.1.${client + 1}` : undefined;
  const socket = net.connect({ port: ports[client % ports.length], host: '127.0.0.1', localAddress, noDelay: true });
  let pending = Buffer.alloc(0);
  let counted = false;
  socket.on('connect', () => socket.write(request));
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const length = responseLength(pending);
    if (length === 0) return;
    pending = pending.subarray(length);
    counted = true;
    answered++;
    if (keepAlive && !stopped) socket.write(request);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (!counted && !stopped) failed++;
    setImmediate(open, client);
  });
}

const startedAt = performance.now();
for (let i = 0; i < connections; i++) open(i);
setTimeout(() => {
  stopped = true;
  process.send({ answered, failed, seconds: (performance.now() - startedAt) / 1000 }, () => process.exit());
}, durationMs);
