import { LbError, shellWord } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { isRedefined } from '../lifecycle/definition-difference.ts';
import type { ProgressRecord, ResultRecord } from '../protocol/control.ts';
import type { AppHandle } from './app-handle.ts';
import type { BroughtSockets } from './brought-sockets.ts';
import type { Registry } from './registry.ts';
import { describeStarted, startDefined, startSideBySide, type Started } from './start-side-by-side.ts';

type Progress = (record: ProgressRecord) => void;
type Success = Extract<ResultRecord, { ok: true }>;

/** A definition, and the app that runs under its name; null if none does. */
interface Wanted {
  readonly spec: AppSpec;
  readonly running: AppHandle | null;
}

/** What comes with a start. */
interface Brings {
  readonly notes: readonly string[];
  /** Closed when no app takes them. */
  readonly sockets: BroughtSockets;
}

/**
 * Starts what does not run. Checks everything before it starts the first app. If one fails to start, the others are still started.
 * @throws LbError before anything is started
 */
export function startAll(registry: Registry, specs: readonly AppSpec[], { notes, sockets }: Brings): (progress: Progress) => Promise<Success> {
  const wanted = checked(registry, specs, sockets);
  const fresh = wanted.filter(({ running }) => running === null);
  return async (progress) => {
    for (const message of notes) progress(note(specs[0]?.name ?? '', message));
    const running = wanted.flatMap((one) => one.running ?? []);
    if (fresh.length > 0)
      for (const { name, isWaiting } of running)
        progress(note(name, `${name} ${isWaiting ? 'waits for its next start' : 'is already running'} and was left unchanged`));
    const { started, failed } = await startFresh(
      registry,
      fresh.map(({ spec }) => spec),
      sockets,
      progress,
    ).finally(() => sockets.close());
    const failure = failed ?? otherDefinition(wanted);
    if (failure !== null) throw failure;
    if (fresh.length === 0) return await alreadyRunning(running);
    const apps = started.map(({ app }) => app);
    return { type: 'result', ok: true, apps, message: started.length === 1 ? (started[0]?.message ?? '') : describeStarted(apps) };
  };
}

/** @throws LbError if one of them cannot be started; nothing is changed then */
function checked(registry: Registry, specs: readonly AppSpec[], sockets: BroughtSockets): Wanted[] {
  try {
    for (const spec of specs) registry.refuseForeign(spec);
    const wanted = specs.map((spec): Wanted => ({ spec, running: runningApp(registry, spec.name) }));
    for (const { spec, running } of wanted) if (running === null) registry.refuseStart(spec);
    return wanted;
  } catch (error) {
    sockets.close();
    throw error;
  }
}

/** The first failure is the answer, the others are notes. */
async function startFresh(
  registry: Registry,
  specs: readonly AppSpec[],
  sockets: BroughtSockets,
  progress: Progress,
): Promise<{ started: readonly Started[]; failed: LbError | null }> {
  const failures: LbError[] = [];
  const start = (app: AppHandle): Promise<Started> => startDefined(app, progress, sockets.takeFor(app.name));
  const outcomes = await startSideBySide(registry, specs, { start, progress }, ({ name }, outcome) => {
    if (outcome instanceof LbError && failures.push(outcome) === 1) return;
    if (specs.length > 1) progress(note(name, outcome.message));
  });
  return { started: outcomes.filter((outcome): outcome is Started => !(outcome instanceof LbError)), failed: failures[0] ?? null };
}

/** The app of this name, if it runs and does not only try to start. */
export function runningApp(registry: Registry, name: string): AppHandle | null {
  const app = registry.find(name);
  return app === undefined || !app.active || app.startsInVain ? null : app;
}

/** The answer to a start of what runs. */
export async function alreadyRunning(apps: readonly AppHandle[]): Promise<Success> {
  const names = apps.map(({ name }) => name);
  const message = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} already running; for new code: lb reload ${names.map(shellWord).join(' ')}`;
  return { type: 'result', ok: true, apps: await Promise.all(apps.map((app) => app.view.snapshot())), message };
}

function otherDefinition(wanted: readonly Wanted[]): LbError | null {
  const changed = wanted.find(({ spec, running }) => running !== null && isRedefined(running.spec, spec));
  return changed === undefined ? null : new LbError('LB_ERR_OTHER_DEFINITION', { app: changed.spec.name });
}

function note(app: string, message: string): ProgressRecord {
  return { type: 'progress', app, operation: 'start', step: 'note', slot: null, generation: null, pid: null, message };
}
