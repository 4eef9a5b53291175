// The app, where the first of its workers blocks its event loop 50 ms out of every 100 ms, without using a core for it.
const { writeFileSync } = require('node:fs');

const BLOCKED_MS = 50;
const BETWEEN_MS = 50;
const never = new Int32Array(new SharedArrayBuffer(4));

function block() {
  Atomics.wait(never, 0, 0, BLOCKED_MS);
  setTimeout(block, BETWEEN_MS);
}

try {
  writeFileSync(`${process.env.BOOT_LOG}.blocked`, String(process.pid), { flag: 'wx' });
  block();
} catch {
  // Another worker was first.
}
require('./app.cjs');
