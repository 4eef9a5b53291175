// The app of every measure: plain HTTP, handles no signal, knows of no supervisor. It notes when it began to listen.
const http = require('node:http');
const { appendFileSync } = require('node:fs');

const body = String(process.pid);
const server = http.createServer((_request, response) => response.end(body));
server.listen({ port: Number(process.env.PORT), host: '127.0.0.1' }, () => {
  const sinceStartMs = performance.now();
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  appendFileSync(process.env.BOOT_LOG, `${JSON.stringify({ pid: process.pid, parent: process.ppid, sinceStartMs, atMs })}\n`);
});
module.exports = server;
