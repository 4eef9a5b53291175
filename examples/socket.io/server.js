import { createServer } from 'node:http';
import { Server } from 'socket.io';

const page = `<!doctype html><title>chat</title><form id="form"><input id="text" autofocus></form><pre id="log"></pre>
<script src="/socket.io/socket.io.js"></script><script>
const show = (line) => (log.textContent += line + '\\n');
// Messages without acknowledgement when a connection ends are sent again on the next one.
const socket = io({ retries: 10, ackTimeout: 10000 });
socket.on('message', show);
form.onsubmit = (event) => {
  event.preventDefault();
  const said = text.value;
  text.value = '';
  socket.emit('message', said, (error, pid) => show(error ? 'lost: ' + said : said + ' (process ' + pid + ')'));
};
</script>`;

const server = createServer((request, response) => response.setHeader('content-type', 'text/html').end(page));
// A leaving worker first answers its waiting polls; the ping answers those of silent clients.
const io = new Server(server, { pingInterval: 5000 });

io.on('connection', (socket) => {
  socket.emit('message', `you are on process ${process.pid}`);
  socket.on('message', (text, acknowledge) => {
    socket.broadcast.emit('message', String(text));
    if (typeof acknowledge === 'function') acknowledge(process.pid);
  });
});

server.listen(Number(process.env.PORT ?? 3000));
