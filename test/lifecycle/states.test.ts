import { describe, expect, it } from 'vitest';
import { LbError } from '../../src/errors/lb-error.ts';
import {
  APP_STATES,
  appState,
  isEnded,
  isLeaving,
  isServing,
  isShuttingDown,
  WORKER_STATES,
  WORKER_TRANSITIONS,
  type AppFacts,
  type AppState,
  type WorkerState,
} from '../../src/lifecycle/states.ts';
import { moveWorker } from '../../src/lifecycle/move-worker.ts';

const pairs = WORKER_STATES.flatMap((from) => WORKER_STATES.map((to) => [from, to] as const));
const isLegal = ([from, to]: readonly [WorkerState, WorkerState]): boolean => WORKER_TRANSITIONS[from].includes(to);

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the worker states', () => {
  it('have a total table that names known states only', () => {
    expect(Object.keys(WORKER_TRANSITIONS)).toEqual([...WORKER_STATES]);
    for (const targets of Object.values(WORKER_TRANSITIONS)) for (const to of targets) expect(WORKER_STATES).toContain(to);
  });

  it.each(pairs.filter(isLegal))('%s → %s is allowed', (from, to) => {
    expect(moveWorker(from, to)).toBe(to);
  });

  it.each(pairs.filter((pair) => !isLegal(pair)))('%s → %s is an error that names both', (from, to) => {
    const error = thrownBy(() => moveWorker(from, to, 'worker 3 (pid 7)'));
    expect(error).toBeInstanceOf(LbError);
    expect(error).toMatchObject({ code: 'LB_ERR_STATE', message: `worker 3 (pid 7) cannot change from ${from} to ${to}` });
  });

  it('always lead to the end, which every state can reach at once', () => {
    for (const state of WORKER_STATES) if (state !== 'exited') expect(WORKER_TRANSITIONS[state]).toContain('exited');
    expect(WORKER_TRANSITIONS.exited).toEqual([]);
  });

  it('never lead back from leaving', () => {
    for (const [from, to] of pairs.filter(isLegal)) if (isLeaving(from)) expect(isLeaving(to)).toBe(true);
  });

  it('take new connections in ready alone', () => {
    expect(WORKER_STATES.filter(isServing)).toEqual(['ready', 'ejected']);
    expect(WORKER_STATES.filter(isShuttingDown)).toEqual(['draining', 'stopping']);
    expect(WORKER_STATES.filter(isLeaving)).toEqual(['draining', 'stopping', 'exited']);
  });
});

it('an app has ended when it was stopped or has given up', () => {
  expect(APP_STATES.filter(isEnded)).toEqual(['stopped', 'errored']);
});

describe('appState', () => {
  const online: AppFacts = {
    wanted: 3,
    ready: 3,
    erroredSlots: 0,
    isUnserved: false,
    crashLoops: false,
    rollingOut: false,
    stopping: false,
    resting: null,
    wasOnline: true,
  };

  it.each<[AppState, string, Partial<AppFacts>]>([
    ['online', 'every worker is ready', {}],
    ['online', 'more than wanted are ready', { ready: 4 }],
    ['starting', 'not all are ready for the first time', { ready: 2, wasOnline: false }],
    ['starting', 'it was told to start and has not begun', { wanted: 0, ready: 0, wasOnline: false }],
    ['starting', 'none is there yet', { ready: 0, wasOnline: false }],
    ['degraded', 'a worker that was ready is missing', { ready: 2 }],
    ['degraded', 'no worker is left but all come back', { ready: 0 }],
    ['degraded', 'a slot gave up', { ready: 2, erroredSlots: 1 }],
    ['degraded', 'a slot gave up before the app was online', { ready: 2, erroredSlots: 1, wasOnline: false }],
    ['degraded', 'nobody serves one of its listeners', { isUnserved: true }],
    ['degraded', 'its workers end again and again', { crashLoops: true }],
    ['starting', 'nobody serves a listener of an earlier life yet', { ready: 2, isUnserved: true, wasOnline: false }],
    ['degraded', 'every slot gave up', { ready: 0, erroredSlots: 3 }],
    ['reloading', 'every slot gave up during a reload', { ready: 0, erroredSlots: 3, rollingOut: true }],
    ['reloading', 'a reload runs', { rollingOut: true }],
    ['reloading', 'a reload runs beside a slot that gave up', { rollingOut: true, ready: 2, erroredSlots: 1 }],
    ['waiting', 'its workers ended and a tick starts it again', { ready: 0, resting: 'waiting' }],
    ['errored', 'every slot gave up and a change of its files starts it again', { ready: 0, erroredSlots: 3, resting: 'errored' }],
    ['stopping', 'a stop runs', { stopping: true }],
    ['stopping', 'a stop runs with errored slots', { stopping: true, erroredSlots: 3 }],
    ['stopping', 'the last worker is gone, but the sockets are open', { stopping: true, ready: 0 }],
  ])('is %s when %s', (state, _, facts) => {
    expect(appState({ ...online, ...facts })).toBe(state);
  });

  it('is one of the known states for any facts', () => {
    const counts = [0, 1, 2];
    const flags = [true, false];
    for (const wanted of [1, 2])
      for (const ready of counts)
        for (const erroredSlots of counts) {
          for (const rollingOut of flags)
            for (const stopping of flags)
              for (const isUnserved of flags)
                for (const wasOnline of flags)
                  for (const resting of [null, 'waiting', 'errored'] as const) {
                    expect(APP_STATES).toContain(
                      appState({ wanted, ready, erroredSlots, isUnserved, crashLoops: isUnserved, rollingOut, stopping, resting, wasOnline }),
                    );
                  }
        }
  });
});
