import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { layer, type Fault, type Site } from './fault-layer.ts';
import { Life } from './life.ts';

vi.mock('node:fs', async (original) => (await import('./fault-layer.ts')).faultyFs(await original()));
vi.mock('node:fs/promises', async (original) => (await import('./fault-layer.ts')).faultyPromises(await original()));
vi.mock('node:child_process', async (original) => (await import('./fault-layer.ts')).faultyProcesses(await original()));

// The primary is in this process.
vi.mock('../../src/system/processes.ts', async (original) => {
  const real = await original<typeof import('../../src/system/processes.ts')>();
  return {
    ...real,
    isAlive: (pid: number, startTime?: number | null) => (pid === process.pid ? layer.primaryLives : real.isAlive(pid, startTime)),
    sendSignal: (pid: number, signal: NodeJS.Signals) => (pid === process.pid ? layer.killed++ : real.sendSignal(pid, signal)),
  };
});

vi.mock('../../src/daemon/primary-proof.ts', () => ({ unproven: () => null }));

// A process that ends closes its connections.
vi.mock('../../src/daemon/attachment.ts', async (original) => {
  const real = await original<typeof import('../../src/daemon/attachment.ts')>();
  class Known extends real.Attachment {
    constructor(...args: ConstructorParameters<typeof real.Attachment>) {
      super(...args);
      layer.attachments.add(this);
    }
  }
  return { ...real, Attachment: Known };
});

const ERRNOS = ['ENOSPC', 'EROFS', 'EACCES', 'EISDIR', 'EMFILE', 'ENOENT'] as const;

/** Every operation with every errno; else each with one. */
const IS_WHOLE = process.env['LB_FAULTS'] === 'all';

const uncaught: unknown[] = [];
const catchIt = (error: unknown): void => void uncaught.push(error);
let listeners: { readonly exception: NodeJS.UncaughtExceptionListener[]; readonly rejection: NodeJS.UnhandledRejectionListener[] };

beforeAll(() => {
  listeners = { exception: process.listeners('uncaughtException'), rejection: process.listeners('unhandledRejection') };
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.on('uncaughtException', catchIt).on('unhandledRejection', catchIt);
});

afterAll(() => {
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  for (const each of listeners.exception) process.on('uncaughtException', each);
  for (const each of listeners.rejection) process.on('unhandledRejection', each);
});

interface Lived {
  /** The daemon started. */
  readonly opened: boolean;
  /** The app did. */
  readonly started: boolean;
  readonly struck: number;
  /** What was said of it. */
  readonly said: string;
}

/** A life with a fault from its beginning, or from when the app is online. */
async function live(fault: Fault | null, afterStart = false): Promise<Lived> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-life-'));
  const life = new Life(directory);
  let [opened, started] = [false, false];
  Object.assign(layer, { fault: afterStart ? null : fault, struck: 0, killed: 0 });
  uncaught.length = 0;
  try {
    opened = await life.open().then(
      () => true,
      () => false,
    );
    if (opened) {
      started = (await life.start()).text.includes('"ok":true');
      layer.fault = fault;
      if (started) await life.run();
      await life.end();
      if (NEEDED_BY_DAEMON.test(fault?.site ?? '')) layer.fault = null;
      await life.again();
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(
      uncaught.map((error) => (error instanceof Error ? error.stack : error)),
      'nothing is thrown past everybody',
    ).toEqual([]);
    expect(layer.killed, 'no primary is killed').toBe(0);
    return { opened, started, struck: layer.struck, said: life.log.join('\n') };
  } catch (error) {
    throw new Error(`${String(error)}\n${life.log.slice(-12).join('\n')}`);
  } finally {
    await life.abandon();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Without these, no daemon starts in this home. Whoever wants one says why, or tries again, and the apps go on. */
const NEEDED_BY_DAEMON =
  /^system\/(ensure-home|home-secret|look-at-home|paths|socket-folder|stale-socket)\.ts (mkdirSync|l?statSync|accessSync|readFileSync|writeFileSync|linkSync)$/;
/** Without these, a start is refused, and says why. */
const NEEDED_BY_START = /^(logs\/log-program\.ts access|system\/(own-node|start-problem)\.ts .*)$/;
/** A failure is in the events, and below `lb list`. */
const IS_TOLD = /^system\/(atomic-file\.ts (open|rename|FileHandle\.writeFile|writeFileSync|renameSync)|open-guarded\.ts (open|FileHandle\.appendFile))$/;
/** What does not happen in such a life, or cannot fail here, and what becomes of its failure. */
const ELSEWHERE: readonly (readonly [sites: RegExp, why: string])[] = [
  [/^daemon\/daemon-log\.ts /, 'test/daemon/daemon-log.test.ts'],
  [
    /^(daemon\/primary-process\.ts spawn|primary\/workers\/(plain|command)-worker\.ts spawn|system\/spawn-daemon\.ts spawn)$/,
    'tried again: test/daemon/primary-keeper.test.ts, test/primary',
  ],
  [/^daemon\/(saved-file\.ts renameSync|store\.ts copyFileSync)$/, 'test/daemon/saved-file.test.ts and store.test.ts'],
  [/^daemon\/event-log\.ts rename$/, 'fails like the write that follows it'],
  [/^daemon\/shared-socket\.ts /, 'the answer to lb share, as with the calls around it'],
  [/^system\/service-manager\.ts spawn$/, 'told once: test/system/service-manager.test.ts'],
  [/ existsSync$/, 'does not throw'],
  [/^system\/(atomic-file\.ts rm(Sync)?|regular-file\.ts closeSync)$/, 'after a failure, which it does not change'],
  [/^primary\/(ingress\/listeners|ingress\/socket-file|profiles\/profile-files|profiles\/profiler)\.ts /, 'ignored, or the answer to lb profile'],
  [/^logs\/(followed-log|log-bytes|log-places)\.ts /, 'the answer to lb logs'],
  [/^system\/(program|program-places|kept-program)\.ts /, 'the next place, else the installation: test/system/program.test.ts'],
  [/^daemon\/upgrade\/(sweep|upgrade)\.ts /, 'ignored, or a step of the upgrade says so: test/daemon/upgrade/upgrade.test.ts'],
  [/^daemon\/left-commands\.ts rmSync$/, 'ignored: the file names processes that are gone'],
  [/^primary\/workers\/command-(readiness|record)\.ts /, 'looked again, or told: test/primary/workers/command-record.test.ts'],
  [
    /^(system\/(changeable-by|door|process-owner|user-folder)|daemon\/doors)\.ts /,
    'apps of other users, which only root has: the start fails and is tried again, or nothing is found',
  ],
  [/^primary\/operations\/before-reload\.ts spawn$/, 'the answer to lb reload: test/primary/operations/before-reload.test.ts'],
  [/^primary\/watch\/health\/outside-probe\.ts spawn$/, 'a failed check: test/primary/watch/health/outside-probe.test.ts'],
  [/^system\/file-tail\.ts /, 'an error goes without the last line of a log'],
  [/^system\/short-path\.ts /, 'the path is used as it is; what is wrong with it is the error of the app'],
  [/^system\/move-file\.ts /, 'the answer to lb profile'],
  [/^logs\/file-place\.ts lstat$/, 'as with the calls around it: the log cannot be opened'],
  [/^system\/(look-at-home|socket-folder)\.ts /, 'needed by the daemon'],
  [/^system\/ensure-home\.ts rmSync$/, 'the sockets stay where they are'],
  [
    /^system\/(caller-directory|find-home|first-process|lock-file|named-users|other-daemons|users|umask)\.ts /,
    'commands, and systems without abstract sockets',
  ],
  [
    /^system\/(kernel-queue|port-holder|process-state|processes|running-daemon|same-place|socket-holders|stale-socket|tree-usage|unfed-sockets)\.ts /,
    'caught beside the call: nothing is found',
  ],
];
/** A start waits for it, while it is tried again and again. */
const PATIENT: Site = 'daemon/primary-process.ts spawn';
/** What changes something, or starts a process. */
const CHANGES = / (?:write|append|rename|mkdir|rm|open|chmod|utimes|spawn|FileHandle\.(?:write|append|sync|chmod|close))/;

/** @returns the problem; null if all is well */
async function problemOf(fault: Fault): Promise<string | null> {
  const { site } = fault;
  try {
    const { opened, started, struck, said } = await live(fault);
    if (!opened && !NEEDED_BY_DAEMON.test(site)) return 'the daemon did not start';
    if (opened && !started && !NEEDED_BY_START.test(site)) return `the start was refused:\n${said}`;
    if (struck > 0 && IS_TOLD.test(site) && !said.includes('cannot be written')) return `nothing was said of it:\n${said}`;
    // Then it has to be survived all the more.
    if (!opened || !started) await live(fault, true);
    return null;
  } catch (error) {
    return String(error);
  }
}

const isElsewhere = (site: Site): boolean => ELSEWHERE.some(([sites]) => sites.test(site));

describe('every operation on a file or a process that daemon and primary do', () => {
  it('is made in a life, or its failure is known to be harmless', async () => {
    await live(null);
    const sites = [...layer.ran.keys()];
    expect(sites.length).toBeGreaterThan(50);
    expect(imported().filter((site) => !sites.includes(site) && !isElsewhere(site))).toEqual([]);
  });

  it('may fail, in every way: the app is online after each step, commands are answered, and nothing is thrown', { timeout: 1_800_000 }, async () => {
    const sites = [...layer.ran.keys()].sort().filter((site) => site !== PATIENT);
    const problems: string[] = [];
    for (const [index, site] of sites.filter((each) => IS_WHOLE || CHANGES.test(each)).entries()) {
      for (const errno of IS_WHOLE ? ERRNOS : [ERRNOS[index % ERRNOS.length] ?? 'ENOSPC']) {
        const problem = await problemOf({ site, errno });
        if (problem !== null) problems.push(`${site} ${errno}: ${problem}`);
      }
    }
    expect(problems).toEqual([]);
  });
});

/** What the code of daemon and primary takes from Node for it. */
function imported(): Site[] {
  const src = fileURLToPath(new URL('../../src/', import.meta.url));
  const files = ['daemon', 'primary', 'logs', 'system'].flatMap((folder) =>
    readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const imports = readFileSync(join(src, file), 'utf8').matchAll(/^import \{([^}]+)\} from 'node:(?:fs|fs\/promises|child_process)';/gm);
      const names = [...imports].flatMap(([, list = '']) => list.split(',').map((each) => each.trim()));
      return names.filter((name) => /^[a-z]\w*$/.test(name) && name !== 'constants').map((name) => `${file} ${name}`);
    });
}
