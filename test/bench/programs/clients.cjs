// Clients without retries in a process of their own. Each has one request under way at a time; every request is counted
// as served or as exactly one kind of failure. Started with child_process.fork; 'stop' lets each finish its request.
const { setMaxListeners } = require('node:events');
const http = require('node:http');
const { setTimeout: delay } = require('node:timers/promises');

const { port, groups, hungMs, maxDurationMs } = JSON.parse(process.argv[2]);
const AFTER_FAILURE_MS = 20;
const endsAt = performance.now() + maxDurationMs;
const stopping = new AbortController();
// Each client in a pause listens.
setMaxListeners(0, stopping.signal);

function kindOf(error) {
  if (error.code === 'ECONNREFUSED') return 'refused';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'reset';
  return error.code ?? error.message;
}

function requestOnce(agent) {
  return new Promise((resolve) => {
    const request = http.request({ host: '127.0.0.1', port, agent });
    const timer = setTimeout(() => {
      resolve('hung');
      request.destroy();
    }, hungMs);
    const end = (outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    request.on('error', (error) => end(kindOf(error)));
    request.on('response', (response) => {
      response.on('error', (error) => end(kindOf(error)));
      response.on('end', () => end(response.statusCode === 200 ? 'served' : `status ${response.statusCode}`));
      response.resume();
    });
    request.end();
  });
}

/** The longest answer, and the longest time in which nobody of the group got one. */
function noteServed(tally, startedAt) {
  const now = performance.now();
  tally.longestMs = Math.max(tally.longestMs, now - startedAt);
  endGap(tally, now);
}

function endGap(tally, now) {
  tally.gapMs = Math.max(tally.gapMs, now - (tally.servedAt ?? now));
  tally.servedAt = now;
}

async function client(group, tally) {
  const agent = group.keepAlive ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : false;
  while (!stopping.signal.aborted && performance.now() < endsAt) {
    const startedAt = performance.now();
    const outcome = await requestOnce(agent);
    tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
    if (outcome === 'served') noteServed(tally, startedAt);
    const isAnswered = outcome === 'served' || outcome.startsWith('status');
    const pauseMs = isAnswered ? group.pauseMs * Math.random() * 2 : AFTER_FAILURE_MS;
    if (pauseMs > 0) await delay(pauseMs, null, { signal: stopping.signal }).catch(() => {});
  }
  if (agent) agent.destroy();
}

process.on('message', () => {
  for (const tally of tallies) endGap(tally, performance.now());
  stopping.abort();
});
process.on('disconnect', () => process.exit());
const tallies = groups.map(({ name }) => ({ name, outcomes: { served: 0 }, longestMs: 0, gapMs: 0 }));
void Promise.all(groups.flatMap((group, index) => Array.from({ length: group.clients }, () => client(group, tallies[index])))).then(() => {
  process.send(tallies, () => process.exit());
});
