import { OPERATION_NAMES } from './operation-name.ts';

/** How much an event asks for attention; from the least to the most. */
export const SEVERITIES = ['info', 'warn', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface KindEntry {
  /** Of this kind in general; that of `exit`, `operation` and `ended` depends on how it went. */
  readonly severity: Severity;
  /** One sentence without a full stop. */
  readonly doc: string;
}

/** Every kind of event, with what it means; `docs/events.md` is checked against this table both ways. */
export const EVENT_KINDS = {
  start: { severity: 'info', doc: 'a worker process was started' },
  ready: { severity: 'info', doc: 'a worker takes connections for the first time' },
  'not-ready': { severity: 'warn', doc: 'a worker did not become ready in time and is ended' },
  drain: { severity: 'info', doc: 'a worker gets no new connections any more and finishes what it has' },
  exit: { severity: 'warn', doc: 'a worker has ended, with everything that is known about why' },
  'fork-failed': { severity: 'error', doc: 'a worker process could not be started' },
  errored: { severity: 'error', doc: 'a slot has given up: its worker ended too often too soon' },
  eject: { severity: 'warn', doc: 'a worker is out of the rotation because it is not healthy' },
  readmit: { severity: 'info', doc: 'an ejected worker is in the rotation again' },
  'self-report': { severity: 'info', doc: 'a worker said something about itself: drain, down, ready or weight' },
  hung: { severity: 'error', doc: 'a worker gave no sign of life for `hang_timeout` and is replaced' },
  recycle: { severity: 'info', doc: 'a worker reached a limit, or was unhealthy for too long, and is replaced' },
  'operation-begin': { severity: 'info', doc: `an operation (${OPERATION_NAMES.join(', ')}) begins` },
  operation: { severity: 'info', doc: 'an operation has ended, well or not' },
  rollback: { severity: 'warn', doc: 'a reload goes back to what served before' },
  scale: { severity: 'info', doc: 'the number of workers was changed, or kept, by autoscaling' },
  rebalance: { severity: 'info', doc: 'connections that clients keep are spread over the workers again, because one has joined' },
  ended: { severity: 'info', doc: 'an app has no worker left and none will come: it was stopped, or has given up' },
  'memory-pressure': { severity: 'warn', doc: 'the memory of the machine or container runs out' },
  log: { severity: 'warn', doc: "an app's log file cannot be written" },
  'health-port': { severity: 'warn', doc: 'the readiness endpoint cannot listen' },
  'metrics-port': { severity: 'warn', doc: 'the metrics cannot be served where they were before this daemon' },
  profile: { severity: 'info', doc: 'a profile or a report of a worker was taken' },
  'profile-failed': { severity: 'warn', doc: 'a profile or a report of a worker that had begun has no file' },
  'primary-lost': { severity: 'error', doc: "an app's primary ended unexpectedly; another one is started, unless the app was being stopped" },
  'primary-adopted': { severity: 'info', doc: 'a primary that outlived its daemon belongs to this one now' },
  'daemon-start': { severity: 'info', doc: 'a daemon has started' },
  'daemon-end': { severity: 'info', doc: 'a daemon has been told to end' },
  'hook-failed': { severity: 'warn', doc: 'the `on_event` hook of an app failed, or fell behind and left events out; never given to a hook' },
} as const satisfies Readonly<Record<string, KindEntry>>;

export type EventKind = keyof typeof EVENT_KINDS;

export const EVENT_KIND_NAMES = Object.keys(EVENT_KINDS) as readonly EventKind[];

export const isEventKind = (name: unknown): name is EventKind => typeof name === 'string' && Object.hasOwn(EVENT_KINDS, name);
