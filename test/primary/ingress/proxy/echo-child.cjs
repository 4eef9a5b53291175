// Sends back what it reads from each raw handle it is given.
const { Socket } = require('node:net');

process.on('message', (_message, handle) => {
  const socket = new Socket({ handle, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.pipe(socket);
});
