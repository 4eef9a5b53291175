// Keep-alive clients far away that POST after a pause and never repeat a request. Each byte takes `oneWayMs` in each
// direction, and so does the end of a connection: between these clients and their sockets lies a link that delays.
// Started with child_process.fork; answers 'count' with the counts so far, and ends when its parent does.
const net = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const { responseLength } = require('./response.cjs');

const { port, clients, meanPauseMs, oneWayMs, bodyBytes } = JSON.parse(process.argv[2]);
const request = Buffer.from(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${bodyBytes}\r\n\r\n${'x'.repeat(bodyBytes)}`);
const counts = { served: 0, failed: 0 };
/** From a request to its answer, since the last 'count'. */
let roundTripsMs = [];
/** Requests that come independently of each other: the pauses are exponential. */
const pauseMs = () => -meanPauseMs * Math.log(1 - Math.random());

class Connection {
  /** As the client sees it. */
  usable = true;
  #pending = Buffer.alloc(0);
  #answer = null;
  #hasEnded = false;

  constructor() {
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => setTimeout(() => this.#arrived(chunk), oneWayMs));
    this.socket.on('error', () => {});
    for (const event of ['end', 'close']) this.socket.once(event, () => this.#ended());
  }

  /** @returns {Promise<boolean>} whether it was answered */
  post() {
    return new Promise((resolve) => {
      this.#answer = resolve;
      setTimeout(() => {
        // Where nobody reads any more, the kernel answers with a reset.
        if (this.#hasEnded) setTimeout(() => this.#settle(false), oneWayMs);
        else this.socket.write(request);
      }, oneWayMs);
    });
  }

  #arrived(chunk) {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const length = responseLength(this.#pending);
    if (length === 0) return;
    if (/connection: close/i.test(this.#pending.toString('latin1', 0, length))) this.usable = false;
    this.#pending = this.#pending.subarray(length);
    this.#settle(true);
  }

  #ended() {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.socket.end();
    setTimeout(() => {
      this.usable = false;
      this.#settle(false);
    }, oneWayMs);
  }

  #settle(answered) {
    this.#answer?.(answered);
    this.#answer = null;
  }
}

async function client() {
  let connection = null;
  for (;;) {
    await delay(pauseMs());
    if (connection?.usable !== true) connection = new Connection();
    const startedAt = performance.now();
    const answered = await connection.post();
    counts[answered ? 'served' : 'failed']++;
    if (answered) roundTripsMs.push(performance.now() - startedAt);
  }
}

process.on('message', () => {
  process.send({ ...counts, roundTripsMs });
  roundTripsMs = [];
});
process.on('disconnect', () => process.exit());
for (let i = 0; i < clients; i++) void client();
