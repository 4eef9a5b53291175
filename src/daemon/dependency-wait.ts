import { setTimeout as sleep } from 'node:timers/promises';
import { LbError } from '../errors/lb-error.ts';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { dependencyState, type DependencyState } from '../lifecycle/dependency-state.ts';
import { shortTime } from '../lifecycle/wording.ts';
import type { EmitEvent } from '../protocol/event.ts';
import type { AppStats } from '../protocol/stats.ts';
import { now } from '../system/clock.ts';
import type { ProgressListener } from './attachment.ts';

const POLL_MS = 20;

/** An app on which another one depends. */
export interface Dependency {
  readonly name: string;
  readonly spec: Pick<AppSpec, 'listenTimeoutMs' | 'readyMin' | 'instances' | 'autorestart'>;
  readonly starting: boolean;
  readonly view: { readonly stats: Pick<AppStats, 'state' | 'ready'> };
  /** It waits for apps on which it depends itself. */
  readonly waits: boolean;
}

interface Dependent {
  readonly name: string;
  /** False when it was stopped meanwhile. */
  readonly wanted: boolean;
  readonly event: EmitEvent;
  /** True as long as it waits here. */
  waits: boolean;
}

/** Resolves when an app may start: what it depends on is ready, will not be, or had its `listen_timeout` for that. */
export async function dependenciesUp(dependent: Dependent, dependencies: readonly Dependency[], onProgress: ProgressListener): Promise<void> {
  dependent.waits = true;
  await allUp(dependent, dependencies, onProgress);
  dependent.waits = false;
}

/** The same for the operator's start. @throws LbError LB_ERR_ABORTED if it was stopped meanwhile */
export async function untilMayStart(dependent: Dependent, dependencies: readonly Dependency[], onProgress: ProgressListener): Promise<void> {
  await dependenciesUp(dependent, dependencies, onProgress);
  if (!dependent.wanted) throw new LbError('LB_ERR_ABORTED', { operation: 'start', app: dependent.name, reason: 'it was stopped' });
}

async function allUp(dependent: Dependent, dependencies: readonly Dependency[], onProgress: ProgressListener): Promise<void> {
  const { name: app, event } = dependent;
  const note = (message: string): void =>
    onProgress({ type: 'progress', app, operation: 'start', step: 'note', slot: null, generation: null, pid: null, message });
  const goOn = (message: string): void => {
    event('dependency', message);
    note(message);
  };
  const waitedMs = new Map<Dependency, number>();
  let waiting = [...dependencies];
  for (let last = now(); dependent.wanted; last = await tick(waiting, waitedMs, last)) {
    for (const other of waiting) if (stateOf(other) === 'down') goOn(`${app} starts although ${other.name}, on which it depends, does not run`);
    waiting = waiting.filter((other) => stateOf(other) === 'coming');
    const late = waiting.filter((other) => (waitedMs.get(other) ?? 0) >= other.spec.listenTimeoutMs);
    for (const { name, spec } of late) goOn(`${app} starts although ${name}, on which it depends, is not ready after ${shortTime(spec.listenTimeoutMs)}`);
    waiting = waiting.filter((other) => !late.includes(other));
    if (waiting.length === 0) return;
    if (waitedMs.size === 0) note(`${app} waits for ${waiting.map(({ name }) => name).join(', ')}`);
  }
}

/** What waits itself has not begun to start, so its time does not run. */
async function tick(waiting: readonly Dependency[], waitedMs: Map<Dependency, number>, last: number): Promise<number> {
  await sleep(POLL_MS);
  const at = now();
  for (const other of waiting) waitedMs.set(other, (waitedMs.get(other) ?? 0) + (other.waits ? 0 : at - last));
  return at;
}

function stateOf({ spec, starting, view }: Dependency): DependencyState {
  const { state, ready } = view.stats;
  return dependencyState({ state, ready, isStarting: starting, readyMin: Math.min(spec.readyMin, spec.instances), isJob: !spec.autorestart });
}
