import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const page = `<!doctype html><title>chat</title><pre id="log"></pre><script>
function connect() {
  const socket = new WebSocket('ws://' + location.host);
  socket.onmessage = (event) => (log.textContent += event.data + '\\n');
  // lb closes with 1001 when this worker leaves: reconnect at once, a new worker is ready.
  socket.onclose = (event) => setTimeout(connect, event.code === 1001 ? 0 : 1000);
}
connect();
</script>`;

const server = createServer((request, response) => response.setHeader('content-type', 'text/html').end(page));
const sockets = new WebSocketServer({ server });

sockets.on('connection', (socket) => {
  socket.send(`you are on process ${process.pid}`);
  socket.on('message', (data) => socket.send(`echo: ${data}`));
});

server.listen(Number(process.env.PORT ?? 3000));
