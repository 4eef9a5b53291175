// Opens connections and counts them by the pid that answers on each, after a warm-up. With `hold` each stays open, as WebSockets do, until
// there are so many; otherwise it ends with its answer.
const net = require('node:net');

const { port, clients, warmUpMs, durationMs, hold } = JSON.parse(process.argv[2]);
const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${hold > 0 ? '' : 'Connection: close\r\n'}\r\n`;
const startedAt = performance.now();
const byPid = {};
let opened = 0;

const isOver = () => (hold > 0 ? opened >= hold : performance.now() - startedAt >= warmUpMs + durationMs);

function open() {
  if (isOver()) return;
  opened++;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let counted = false;
  const count = () => {
    const pid = /\r\n\r\n(\d+)$/.exec(text)?.[1];
    if (counted || pid === undefined) return;
    counted = true;
    if (hold > 0 || performance.now() - startedAt >= warmUpMs) byPid[pid] = (byPid[pid] ?? 0) + 1;
    if (hold > 0) setImmediate(open);
  };
  socket.on('connect', () => socket.write(request));
  socket.on('data', (chunk) => {
    text += chunk;
    if (hold > 0) count();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (hold > 0) return;
    count();
    setImmediate(open);
  });
}

for (let i = 0; i < clients; i++) open();
const timer = setInterval(() => {
  if (!isOver()) return;
  clearInterval(timer);
  const perSecond = (opened * 1_000) / (performance.now() - startedAt);
  // The last answers.
  setTimeout(() => process.send({ byPid, perSecond }, () => process.exit()), 200);
}, 20);
