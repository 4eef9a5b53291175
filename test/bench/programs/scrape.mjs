// Wall and CPU time of what one GET /metrics does. Arguments: the compiled program's URL, a file to write, apps, workers each, rounds.
const [dist, file, appsText, workersText, roundsText] = process.argv.slice(2);
const [apps, workers, rounds] = [appsText, workersText, roundsText].map(Number);
const { exposition } = await import(`${dist}metrics/exposition.js`);
const { families } = await import(`${dist}metrics/prometheus.js`);
const { NO_COUNTERS, NO_TOTALS } = await import(`${dist}metrics/totals.js`);
const { writeFileAtomic } = await import(`${dist}system/atomic-file.js`);

const WARM_UP = 5;
const slots = [...Array(workers).keys()];
let n = 1_000;

const counters = () => ({
  ...NO_COUNTERS,
  answers: [0, n++, 12, 3, 1],
  bytesReceived: n * 321,
  bytesSent: n * 4_321,
  accepted: n,
  cpuMs: n / 3,
  gcCount: n,
  gcMs: n / 7,
});
const worker = (slot) => ({
  slot,
  state: 'ready',
  startedAt: 1.79e12,
  weight: 1,
  memoryBytes: 65_431_000 + n,
  heapUsedBytes: 20_000_000 + n,
  heapLimitBytes: 2e9,
  handles: 20,
  connections: 12,
  handOffMs: 0.18,
  requestsInFlight: 1,
  eventLoopUtilization: 0.113,
  loopDelay: { p50Ms: 1.2, p99Ms: 3.4, maxMs: 9.1 },
});
const app = (index) => ({
  name: `app-${index}`,
  state: 'online',
  instances: workers,
  ready: workers,
  generation: 3,
  startedAt: 1.79e12,
  panic: false,
  queued: 0,
  workers: slots.map(worker),
  totals: {
    ...NO_TOTALS,
    ...counters(),
    latency: NO_TOTALS.latency.map(() => n),
    latencySumMs: n,
    exits: { reload: 8, killed: 2 },
    slots: Object.fromEntries(slots.map((slot) => [slot, counters()])),
  },
});
const facts = { version: '1.0.0', node: '22.0.0', startedAtSeconds: 1.79e9, residentBytes: 6e7 };

async function scrape() {
  const told = [...Array(apps).keys()].map(app);
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await writeFileAtomic(file, JSON.stringify(told.map(({ totals }) => ({ base: totals, last: totals }))));
  const bytes = Buffer.from(exposition(families(told, facts))).length;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1000, bytes };
}

for (let i = 0; i < WARM_UP; i++) await scrape();
const results = [];
for (let i = 0; i < rounds; i++) results.push(await scrape());
process.stdout.write(JSON.stringify(results));
