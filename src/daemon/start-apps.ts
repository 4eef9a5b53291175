import { LbError, shellWord } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { plural } from '../lifecycle/wording.ts';
import type { ProgressRecord, ResultRecord } from '../protocol/control.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppHandle } from './app-handle.ts';
import type { Registry } from './registry.ts';

type Progress = (record: ProgressRecord) => void;
type Success = Extract<ResultRecord, { ok: true }>;

/** A definition, and the app that runs under its name; null if none does. */
interface Wanted {
  readonly spec: AppSpec;
  readonly running: AppHandle | null;
}

interface Outcomes {
  readonly started: readonly AppSnapshot[];
  readonly messages: readonly string[];
  readonly failures: readonly LbError[];
}

/**
 * Starts what does not run. Checks everything before it starts the first app. If one fails to start, the others are still started.
 * @throws LbError before anything is started
 */
export function startAll(registry: Registry, specs: readonly AppSpec[], notes: readonly string[]): (progress: Progress) => Promise<Success> {
  for (const spec of specs) registry.refuseForeign(spec);
  const wanted = specs.map((spec): Wanted => ({ spec, running: runningApp(registry, spec.name) }));
  const fresh = wanted.filter(({ running }) => running === null);
  for (const { spec } of fresh) registry.refuseStart(spec);
  return async (progress) => {
    for (const message of notes) progress(note(specs[0]?.name ?? '', message));
    const running = wanted.flatMap((one) => one.running ?? []);
    if (fresh.length > 0) for (const { name } of running) progress(note(name, `${name} is already running and was left unchanged`));
    const { started, messages, failures } = await startEach(
      registry,
      fresh.map(({ spec }) => spec),
      progress,
    );
    const [failed = otherDefinition(wanted)] = failures;
    if (failed !== null) throw failed;
    if (fresh.length === 0) return await alreadyRunning(running);
    return { type: 'result', ok: true, apps: started, message: messages.length === 1 ? (messages[0] ?? '') : describeStarted(started) };
  };
}

async function startEach(registry: Registry, specs: readonly AppSpec[], progress: Progress): Promise<Outcomes> {
  const outcomes = { started: [] as AppSnapshot[], messages: [] as string[], failures: [] as LbError[] };
  for (const spec of specs) {
    try {
      const app = await registry.defineAnew(spec, progress);
      const answer = await app.start(progress);
      if (answer.kind !== 'done') continue;
      outcomes.started.push(answer.snapshot);
      outcomes.messages.push(answer.message);
      if (specs.length > 1) progress(note(app.name, answer.message));
    } catch (error) {
      const failure = LbError.from(error);
      if (outcomes.failures.length > 0) progress(note(spec.name, failure.message));
      outcomes.failures.push(failure);
    }
  }
  return outcomes;
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

/** Definitions of older versions do not say what was declared. */
function otherDefinition(wanted: readonly Wanted[]): LbError | null {
  const changed = wanted.find(({ spec, running }) => running !== null && running.spec.declared !== null && running.spec.declared !== spec.declared);
  return changed === undefined ? null : new LbError('LB_ERR_OTHER_DEFINITION', { app: changed.spec.name });
}

/** `2 apps are online, 1 has ended`: a job may have done its work by now. */
function describeStarted(apps: readonly AppSnapshot[]): string {
  const ended = apps.filter(({ ready }) => ready === 0).length;
  const online = apps.length - ended;
  const parts = [
    online === 0 ? [] : [`${plural(online, 'app')} ${online === 1 ? 'is' : 'are'} online`],
    ended === 0 ? [] : [`${ended} ${ended === 1 ? 'has' : 'have'} ended`],
  ];
  return parts.flat().join(', ');
}

function note(app: string, message: string): ProgressRecord {
  return { type: 'progress', app, operation: 'start', step: 'note', slot: null, generation: null, pid: null, message };
}
