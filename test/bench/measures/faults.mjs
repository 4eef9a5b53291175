import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inTurn } from '../lib/in-turn.mjs';
import { countOutcomes, startClients } from '../lib/load.mjs';
import { sendSignal } from '../lib/processes.mjs';
import { median, sum } from '../lib/stats.mjs';
import { delay, waitFor } from '../lib/wait.mjs';
import { kindsOf, thousands } from '../report/format.mjs';
import { markdownTable } from '../report/markdown.mjs';

const VERSIONED = fileURLToPath(new URL('../programs/versioned.cjs', import.meta.url));
const HANGING = fileURLToPath(new URL('../programs/hanging.cjs', import.meta.url));
const HANG_TIMEOUT_S = 3;
const GROUPS = [
  { name: 'keep-alive', clients: 8, keepAlive: true, pauseMs: 20 },
  { name: 'think', clients: 16, keepAlive: true, pauseMs: 400 },
  { name: 'connections', clients: 8, keepAlive: false, pauseMs: 20 },
];
const HUNG_MS = 5_000;
const BEFORE_MS = 1_000;
/** Longer than the shortest life that each supervisor takes for a stable one. */
const LIVED_MS = 1_300;
const AFTER_MS = 3_000;

/**
 * What happens to an app under load. `does` is null for a subject that has no such operation; its promise is awaited.
 * @typedef {{ title: string, script?: string, workers?: number, afterMs?: number, does(subject: object, app: import('../subjects/app.mjs').App): (() => unknown) | null }} Fault
 */

const kill = (...pids) => {
  for (const pid of pids) sendSignal(pid, 'SIGKILL');
};
const isLb = (subject) => subject.name === 'lb';
/** Of those that have one besides the process that forks the workers. */
const hasDaemon = (subject, app) => subject.daemon !== undefined && subject.daemon !== app.primary;

function reload(subject, app, version) {
  if (subject.tryReload === undefined) return null;
  return async () => {
    if (version !== null) writeFileSync(`${app.bootLog}.deployed`, version);
    return `exit code ${await subject.tryReload(app)}`;
  };
}

/** @type {Readonly<Record<string, readonly Fault[]>>} */
const FAULTS = {
  'faults-workers': [
    { title: 'one of 2 workers killed', does: (_, app) => () => kill(app.workers[0]) },
    { title: 'both workers killed at once', does: (_, app) => () => kill(...app.workers) },
  ],
  'faults-hang': [
    {
      title: 'one of 2 workers hangs in a loop',
      script: HANGING,
      afterMs: 8_000,
      does: (_, app) => () => sendSignal(app.workers[0], 'SIGUSR2'),
    },
  ],
  'faults-supervisor': [
    { title: 'the process that forks the workers killed', does: (_, app) => () => kill(app.primary) },
    { title: 'the daemon killed', does: (subject, app) => (hasDaemon(subject, app) ? () => kill(subject.daemon) : null) },
    {
      title: 'both killed at once',
      does: (subject, app) => (hasDaemon(subject, app) ? () => kill(subject.daemon, app.primary) : null),
    },
  ],
  'faults-operations': [
    { title: 'reload', does: (subject, app) => reload(subject, app, null) },
    { title: 'scale from 4 workers to 2', workers: 4, does: (subject, app) => (subject.scale === undefined ? null : () => subject.scale(app, 2)) },
  ],
  'faults-versions': [
    { title: 'reload to a version that throws at start', script: VERSIONED, does: (subject, app) => reload(subject, app, 'throws') },
    { title: 'reload to a version that answers 500', script: VERSIONED, does: (subject, app) => reload(subject, app, '500') },
  ],
};

/** Those that are there, each made anew for each fault: what one leaves behind must not be seen in the next. */
function makersOf(context) {
  const { pm2, oxmgr } = context.others;
  return [
    { name: 'lb', make: () => context.lb() },
    ...(pm2 === null ? [] : [{ name: 'PM2', make: () => context.pm2()[0] }]),
    ...(oxmgr === null ? [] : [{ name: 'Oxmgr', make: () => context.oxmgr()[0] }]),
    { name: 'node:cluster', make: () => context.nodeCluster() },
  ];
}

/** One app under load, once. */
async function meet(context, { name, make }, { title, script, workers = 2, afterMs = AFTER_MS, does }) {
  const subject = make();
  const flags = isLb(subject) && script === HANGING ? ['--hang-timeout', `${HANG_TIMEOUT_S}s`] : [];
  const app = await subject.start({ workers, flags, ...(script === undefined ? {} : { script }) });
  const act = does(subject, app);
  if (act === null) {
    await context.close(subject);
    return null;
  }
  await delay(LIVED_MS);
  const clients = context.own(startClients({ port: app.port, groups: GROUPS, hungMs: HUNG_MS }));
  await delay(BEFORE_MS);
  const note = await act();
  await delay(afterMs);
  const tallies = await clients.stop();
  await context.close(clients);
  await context.close(subject);
  // Workers of a supervisor that was killed may have stayed.
  kill(...app.workers);
  await waitFor('the workers to be gone', () => app.workers.length === 0);
  const { served, failed, kinds } = countOutcomes(tallies);
  const { gapMs } = tallies.find((tally) => tally.name === 'connections');
  const said = note === undefined ? '' : `, ${note}`;
  context.progress(`${title}, ${name}: ${served} served, ${failed} failed (${kindsOf(kinds)}), gap ${Math.round(gapMs)} ms${said}`);
  return { served, failed, kinds, gapMs, note };
}

const seconds = (ms) => `${(ms / 1000).toFixed(ms < 995 ? 2 : 1)} s`;

/** The median round with its kinds of failures, and each exit code that a round had. */
function describe(rounds) {
  const met = rounds.filter((round) => round !== null);
  if (met.length === 0) return 'n/a';
  const middle = median(met.map(({ failed }) => failed));
  const [nearest] = met.toSorted((a, b) => Math.abs(a.failed - middle) - Math.abs(b.failed - middle));
  const requests = sum(met.map(({ served, failed }) => served + failed)) / met.length;
  const failures = nearest.failed === 0 ? '0' : kindsOf(nearest.kinds);
  const notes = [...new Set(met.map(({ note }) => note))].filter((note) => note !== undefined);
  return [`${failures} of ${thousands(requests)}`, seconds(median(met.map(({ gapMs }) => gapMs))), ...notes].join('; ');
}

const faultsOf = (id) => ({
  id,
  page: 'docs/reliability.md',
  /** @param {import('../context.mjs').Context} context @returns {Promise<string>} */
  async run(context) {
    const { faultRounds } = context.scale;
    const makers = makersOf(context);
    const lines = [];
    for (const fault of FAULTS[id]) {
      const results = await inTurn(faultRounds, makers.length, (index) => meet(context, makers[index], fault));
      lines.push([fault.title, ...results.map(describe)]);
    }
    return `${markdownTable(['', ...makers.map(({ name }) => name)], lines)}\n\n${faultRounds === 1 ? 'One round' : `Medians of ${faultRounds} rounds`}.`;
  },
});

export const faults = Object.keys(FAULTS).map(faultsOf);
