// Clients that open a connection, send some requests on it with pauses in between, close it and begin again. Every
// latency after the first while is kept; that of a first request begins with the connecting. Started with child_process.fork.
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const { responseLength } = require('./response.cjs');

const { port, clients, requests, pauseMs, warmUpMs, durationMs, slowMs } = JSON.parse(process.argv[2]);
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
const latencies = [];
const byPid = {};
let failed = 0;
const countsFrom = performance.now() + warmUpMs;
const endsAt = countsFrom + durationMs;

/** Answers of one connection, one at a time. */
function openConnection() {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let pending = Buffer.alloc(0);
  let settle = () => {};
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const length = responseLength(pending);
    if (length === 0) return;
    settle(pending.toString('latin1', 0, length));
    pending = pending.subarray(length);
  });
  socket.on('error', () => {});
  socket.on('close', () => settle(null));
  return {
    ask() {
      socket.write(request);
      return new Promise((resolve) => (settle = resolve));
    },
    end: () => socket.end(),
  };
}

/** Half to one and a half times the mean, so that clients do not march in step. */
const around = (mean) => mean * (0.5 + Math.random());

function count(latencyMs, answer) {
  latencies.push(latencyMs);
  const pid = answer.slice(answer.lastIndexOf('\n') + 1);
  byPid[pid] = (byPid[pid] ?? 0) + 1;
}

async function session() {
  let startedAt = performance.now();
  const connection = openConnection();
  for (let left = Math.max(1, Math.round(around(requests))); left > 0 && performance.now() < endsAt; left--) {
    const answer = await connection.ask();
    if (answer === null) {
      failed++;
      break;
    }
    if (startedAt >= countsFrom) count(performance.now() - startedAt, answer);
    await delay(around(pauseMs));
    startedAt = performance.now();
  }
  connection.end();
}

async function client() {
  while (performance.now() < endsAt) await session();
}

process.on('disconnect', () => process.exit());
void Promise.all(Array.from({ length: clients }, client)).then(() => {
  latencies.sort((a, b) => a - b);
  const at = (fraction) => latencies[Math.floor((latencies.length - 1) * fraction)];
  const slow = latencies.filter((ms) => ms >= slowMs).length / latencies.length;
  process.send({ answered: latencies.length, failed, medianMs: at(0.5), p99Ms: at(0.99), slow, byPid }, () => process.exit());
});
