import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { startOrder } from '../lifecycle/start-order.ts';
import { isRevived } from '../lifecycle/trigger.ts';
import { plural } from '../lifecycle/wording.ts';
import type { Answer } from '../protocol/attach.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import type { AppHandle } from './app-handle.ts';
import type { ProgressListener } from './attachment.ts';
import type { KeptSocket } from './kept-sockets.ts';
import type { Registry } from './registry.ts';

/** Beyond that, more primaries at a time only delay each other. */
const AT_ONCE = 32;

export interface Started {
  readonly app: AppSnapshot;
  readonly message: string;
}

/** How each app is started, once it is defined. */
interface Starting {
  readonly start: (app: AppHandle) => Promise<Started>;
  readonly progress: ProgressListener;
}

/** Starts what a new definition asks for: with `autostart: false` nothing, or only what starts it later. @param sockets on which it serves from the start on */
export async function startDefined(app: AppHandle, onProgress: ProgressListener, sockets: readonly KeptSocket[] = []): Promise<Started> {
  const { name, spec } = app;
  if (!spec.autostart && !isRevived(spec)) {
    for (const { handle } of sockets) handle.close();
    const message = `${name} is defined; autostart is false, so "lb start ${name}" starts it`;
    return { app: await app.view.snapshot(), message };
  }
  return startedOf(await app.start(onProgress, !spec.autostart, sockets));
}

/** @throws LbError if the answer is of another order */
export function startedOf(answer: Answer): Started {
  if (answer.kind !== 'done') throw new LbError('LB_ERR_INTERNAL', { reason: `unexpected answer ${answer.kind}` });
  return { app: answer.snapshot, message: answer.message };
}

/** Defines apps one after another and starts them side by side, each after those on which it depends. Resolves with the outcome of each. */
export async function startSideBySide(
  registry: Pick<Registry, 'defineAnew' | 'save'>,
  given: readonly AppSpec[],
  { start, progress }: Starting,
  done: (spec: AppSpec, outcome: Started | LbError) => void,
): Promise<(Started | LbError)[]> {
  const specs = startOrder(given);
  const outcomes: Promise<Started | LbError>[] = [];
  const defined: (AppHandle | LbError)[] = [];
  for (const spec of specs) defined.push(await registry.defineAnew(spec, progress).catch((error: unknown) => LbError.from(error)));
  await registry.save();
  for (const [index, spec] of specs.entries()) {
    if (index >= AT_ONCE) await outcomes[index - AT_ONCE];
    outcomes.push(outcomeOf(defined[index], start, (outcome) => done(spec, outcome)));
  }
  return Promise.all(outcomes);
}

async function outcomeOf(
  app: AppHandle | LbError | undefined,
  start: Starting['start'],
  done: (outcome: Started | LbError) => void,
): Promise<Started | LbError> {
  let outcome: Started | LbError = new LbError('LB_ERR_INTERNAL', { reason: 'an app was not defined' });
  try {
    if (app !== undefined) outcome = app instanceof LbError ? app : await start(app);
  } catch (error) {
    outcome = LbError.from(error);
  }
  done(outcome);
  return outcome;
}

/** `2 apps are online, 1 has ended`: a job may have done its work by now. */
export function describeStarted(apps: readonly AppSnapshot[]): string {
  const count = (found: (app: AppSnapshot) => boolean): number => apps.filter(found).length;
  const isDefined = ({ state, spec }: AppSnapshot): boolean => state === 'stopped' && !spec.autostart;
  const online = count(({ ready }) => ready > 0);
  const waiting = count(({ ready, state }) => ready === 0 && state === 'waiting');
  const defined = count(isDefined);
  const ended = apps.length - online - waiting - defined;
  const parts = [
    online === 0 ? [] : [`${plural(online, 'app')} ${be(online)} online`],
    waiting === 0 ? [] : [`${waiting} ${be(waiting)} waiting`],
    defined === 0 ? [] : [`${defined} ${be(defined)} defined`],
    ended === 0 ? [] : [`${ended} ${ended === 1 ? 'has' : 'have'} ended`],
  ];
  return parts.flat().join(', ');
}

const be = (count: number): string => (count === 1 ? 'is' : 'are');
