// The app, and when the file PRINT.go is there: prints numbered lines at a rate, then notes in PRINT how many.
const { appendFileSync, existsSync } = require('node:fs');
require('./app.cjs');

const { PRINT, PRINT_BYTES_PER_SECOND, PRINT_MS } = process.env;
const LINE_BYTES = 200;
const STEP_MS = 5;
/** Between two steps requests are served. */
const STEP_LINES = 1_000;
const fill = 'x'.repeat(LINE_BYTES - 20);
const perMs = Number(PRINT_BYTES_PER_SECOND) / LINE_BYTES / 1000;

let lines = 0;

function printUntil(end) {
  const startedAt = performance.now();
  const step = () => {
    const now = performance.now();
    if (now >= end) return appendFileSync(PRINT, `${JSON.stringify({ pid: process.pid, lines, ms: now - startedAt })}\n`);
    let text = '';
    for (let left = Math.min(STEP_LINES, (now - startedAt) * perMs - lines); left > 0; left--) text += `${`${process.pid} ${lines++}`.padEnd(19)}${fill}\n`;
    if (text !== '') process.stdout.write(text);
    // Behind its rate it does not wait, only lets others take their turn.
    if ((now - startedAt) * perMs - lines > STEP_LINES) setImmediate(step);
    else setTimeout(step, STEP_MS);
  };
  step();
}

const waiting = setInterval(() => {
  if (!existsSync(`${PRINT}.go`)) return;
  clearInterval(waiting);
  printUntil(performance.now() + Number(PRINT_MS));
}, 20);
