// CPU time of one frame of the monitor, and the bytes it writes. Arguments: the URL of the compiled programs, apps, workers, columns, rows, rounds.
const [folder, ...numbers] = process.argv.slice(2);
const [appCount, workerCount, columns, rows, rounds] = numbers.map(Number);
const { initialModel } = await import(`${folder}monitor/model.js`);
const { paintChanges } = await import(`${folder}terminal/screen.js`);
const { update } = await import(`${folder}monitor/update.js`);
const { view } = await import(`${folder}monitor/view.js`);

const SECONDS_BEFORE = 300;
const START = Date.UTC(2026, 0, 1);
const MACHINE = { cores: 8, cpu: 0.4, memoryUsedBytes: 5e9, memoryBytes: 16e9, load: [1, 1, 1] };

function worker(app, slot, second, busy) {
  const wave = busy ? 1 + Math.sin((second + app + slot) / 7) : 0;
  return {
    slot,
    generation: 1,
    pid: 1000 + app * 100 + slot,
    state: 'ready',
    startedAt: START,
    uptimeMs: 1e7,
    restarts: 0,
    cpuPercent: 20 * wave,
    memoryBytes: 6e7,
    weight: 1,
    connections: 10,
    accepted: 100,
    refused: 0,
    handOffMs: 0.2,
    requestsInFlight: 1,
    requestsPerSecond: 200 * wave,
    p95Ms: busy ? 8 * wave : null,
    eventLoopUtilization: wave / 3,
    eventLoopDelayMs: wave,
    blockers: null,
    withdrawn: null,
  };
}

/** What the daemon sends of one second; of `busy` apps everything changes, of the others nothing. */
function stats(second, busyApps) {
  const apps = Array.from({ length: appCount }, (_, app) => {
    const busy = app < busyApps;
    const workers = Array.from({ length: workerCount }, (_, slot) => worker(app, slot, second, busy));
    return {
      name: `service-${app}`,
      state: 'online',
      instances: workerCount,
      ready: workerCount,
      generation: 1,
      node: '22.11.0',
      primaryPid: 1,
      startedAt: START,
      uptimeMs: 1e7,
      restarts: 0,
      cpuPercent: workers[0].cpuPercent * workerCount,
      memoryBytes: 5e8,
      connections: 80,
      queued: 0,
      panic: false,
      requestsPerSecond: workers[0].requestsPerSecond * workerCount,
      p50Ms: null,
      p95Ms: workers[0].p95Ms,
      p99Ms: null,
      errorRate: null,
      listeners: ['*:3000'],
      workers,
      health: [],
      troubledSlots: [],
      autoscaling: null,
      operation: null,
      queuedOperations: [],
      lastExits: [],
      error: null,
      spec: { balance: 'round-robin' },
    };
  });
  return { type: 'stats', at: START + second * 1000, apps, machine: MACHINE };
}

/** Milliseconds of CPU time, and bytes, of each frame: new figures to what goes to the terminal. */
function frames(busyApps, page) {
  let model = initialModel({ columns, rows, now: START, app: page });
  for (let second = 0; second < SECONDS_BEFORE; second++) model = update(model, stats(second, busyApps)).model;
  let shown = view(model);
  const result = [];
  for (let round = 0; round < rounds; round++) {
    const message = stats(SECONDS_BEFORE + round, busyApps);
    const before = process.cpuUsage();
    model = update(model, message).model;
    const frame = view(model);
    const text = paintChanges(shown, frame, 'fixed');
    const { user, system } = process.cpuUsage(before);
    shown = frame;
    result.push({ ms: (user + system) / 1000, bytes: Buffer.byteLength(text) });
  }
  return result;
}

frames(appCount, null);
process.stdout.write(JSON.stringify({ busy: frames(appCount, null), page: frames(appCount, 'service-0'), quiet: frames(1, null) }));
