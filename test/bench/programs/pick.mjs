// CPU time of one choice among many backends, for each strategy. Arguments: the compiled balancing folder's URL, backends, picks, rounds.
const [folder, backendsText, picksText, roundsText] = process.argv.slice(2);
const [count, picks, rounds] = [backendsText, picksText, roundsText].map(Number);
const { createStrategy, HAND_OFF_STRATEGIES } = await import(`${folder}strategy.js`);
const { hashAddress } = await import(`${folder}address-hash.js`);

const PREFIX = { v4: 32, v6: 64 };
/** Connections stay open for so many picks. */
const OPEN_PICKS = 1024;

/** With getters that ask the worker behind it, as the primary's backends have. */
class Backend {
  weight = 1;
  backup = false;
  credit = 0;
  limit = Number.POSITIVE_INFINITY;
  target = { connections: 0, pending: null };

  constructor(slot) {
    this.slot = slot;
  }

  get connections() {
    return this.target.connections;
  }

  get free() {
    return this.target.pending === null;
  }

  get full() {
    return this.target.connections >= this.limit;
  }
}

const addresses = Array.from({ length: 4096 }, (_, i) => `10.${i % 7}.${i >> 4}.${(i * 13) % 251}`);

/** Nanoseconds of CPU time per pick; a connection comes and another one goes each time. */
function nsPerPick(strategy) {
  const backends = Array.from({ length: count }, (_, slot) => new Backend(slot));
  const open = new Array(OPEN_PICKS).fill(backends[0]);
  backends[0].target.connections = OPEN_PICKS;
  const before = process.cpuUsage();
  for (let i = 0; i < picks; i++) {
    const clientHash = strategy.sticky ? hashAddress(addresses[i & 4095], PREFIX) : 0;
    const { target } = strategy.pick(backends, clientHash);
    target.connections++;
    open[i & (OPEN_PICKS - 1)].target.connections--;
    open[i & (OPEN_PICKS - 1)] = { target };
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / picks;
}

const results = HAND_OFF_STRATEGIES.map((name) => ({ name, ns: [] }));
for (const { name } of results) nsPerPick(createStrategy(name));
for (let round = 0; round < rounds; round++) {
  for (const { name, ns } of results) ns.push(nsPerPick(createStrategy(name)));
}
process.stdout.write(JSON.stringify(results));
