// Stands in for wrk where it is not installed: as many requests as the server answers, on raw sockets.
const net = require('node:net');

const { port, connections, durationMs, keepAlive } = JSON.parse(process.argv[2]);
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${keepAlive ? '' : 'Connection: close\r\n'}\r\n`);
let answered = 0;
let failed = 0;
let stopped = false;

/** Length of one whole response, or 0 while it is not there yet. */
function responseLength(buffer) {
  const head = buffer.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = /content-length: (\d+)/i.exec(buffer.toString('latin1', 0, head));
  const whole = head + 4 + Number(length?.[1] ?? 0);
  return buffer.length >= whole ? whole : 0;
}

function open() {
  if (stopped) return;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
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
    setImmediate(open);
  });
}

const startedAt = performance.now();
for (let i = 0; i < connections; i++) open();
setTimeout(() => {
  stopped = true;
  process.send({ answered, failed, seconds: (performance.now() - startedAt) / 1000 }, () => process.exit());
}, durationMs);
