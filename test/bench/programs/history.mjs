// Memory of what the daemon remembers after a day. Arguments: the compiled program's URL, apps, workers each, hours. Needs --expose-gc.
const [dist, ...numbers] = process.argv.slice(2);
const [apps, workers, hours] = numbers.map(Number);
const { History } = await import(`${dist}metrics/history.js`);

const used = () => {
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
const stats = (app, second) => {
  const n = (second * 7 + app) % 1_000;
  const figures = { cpuPercent: n / 10, memoryBytes: 6e7 + n, requestsPerSecond: n, p95Ms: n / 3, connections: n };
  const worker = (slot) => ({ slot, generation: 1, pid: slot + 1, state: 'ready', eventLoopUtilization: n / 1_000, ...figures });
  return {
    name: `app-${app}`,
    instances: workers,
    ready: workers,
    p50Ms: n / 5,
    p99Ms: n / 2,
    errorRate: 0,
    ...figures,
    workers: Array.from({ length: workers }, (_, slot) => worker(slot)),
  };
};

const before = used();
const histories = Array.from({ length: apps }, () => new History());
const record = (fromHour, toHour) => {
  for (let second = fromHour * 3600; second < toHour * 3600; second++)
    for (const [app, history] of histories.entries()) history.record(second * 1_000, stats(app, second));
};
record(0, hours);
const afterBytes = used() - before;
// A little later it is as much: what is old makes room.
record(hours, hours + 1);
process.stdout.write(JSON.stringify({ afterBytes, laterBytes: used() - before }));
