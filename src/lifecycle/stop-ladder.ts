import type { AppSpec } from './app-spec.ts';
import { shortTime } from './wording.ts';

/** How to reach a worker's shutdown handler. */
export type ShutdownHandler = 'SIGTERM' | 'SIGINT' | 'message' | null;

/** The rungs, in order: finish HTTP, ask the app to shut down, kill. */
const RUNGS = ['drain', 'ask', 'kill'] as const;
export type StopRung = (typeof RUNGS)[number];

export interface StopFacts {
  readonly elapsedMs: number;
  readonly killTimeoutMs: number;
  /** No HTTP connection is left. */
  readonly quiet: boolean;
  /** Rungs that the operator skipped. */
  readonly skips: number;
}

/** Share of `kill_timeout` reserved for the app's shutdown handler when the drain takes long. */
const ASK_SHARE = 0.25;

export interface StopDecision {
  readonly rung: StopRung;
  /** Time until the next rung is due at the latest; null on the last. */
  readonly nextInMs: number | null;
}

/** The rung a leaving worker should be on. After OTP's shutdown and execa's forceful termination. */
export function stopRung(facts: StopFacts): StopDecision {
  const askAtMs = askAfter(facts.killTimeoutMs);
  const byTime: StopRung = facts.elapsedMs >= facts.killTimeoutMs ? 'kill' : facts.quiet || facts.elapsedMs >= askAtMs ? 'ask' : 'drain';
  const index = Math.min(RUNGS.length - 1, Math.max(RUNGS.indexOf(byTime), facts.skips));
  const rung = RUNGS[index] ?? 'kill';
  const nextAt = rung === 'drain' ? askAtMs : rung === 'ask' ? facts.killTimeoutMs : null;
  return { rung, nextInMs: nextAt === null ? null : Math.max(0, nextAt - facts.elapsedMs) };
}

/** When the app is asked at the latest, of the time that it has. */
export function askAfter(killTimeoutMs: number): number {
  return killTimeoutMs * (1 - ASK_SHARE);
}

/** The end of `stop_grace` is left free: what ends the container may measure it otherwise, and primary and daemon have to end too. */
const END_SHARE = 0.05;
const END_MS = 500;
const DELAY_SHARE = 1 / 3;

/** `drain_delay` of an app with a `health_port`, unless the definition says otherwise: what balancers usually need to notice. */
export const NOTICE_MS = 5_000;

/** `stop_grace` of `lb run`, unless the definition says otherwise: `docker stop` kills after that. */
export const FOREGROUND_GRACE_MS = 10_000;

type StopTimes = Pick<AppSpec, 'stopGraceMs' | 'drainDelayMs' | 'killTimeoutMs'>;

/** How long an app that is stopped goes on serving before its workers drain. */
export function drainDelay({ stopGraceMs, drainDelayMs }: StopTimes): number {
  return stopGraceMs === null ? drainDelayMs : Math.min(drainDelayMs, stopGraceMs * DELAY_SHARE);
}

/** How long its workers have to leave, when the stop began so long ago. */
export function stopTimeout({ stopGraceMs, killTimeoutMs }: StopTimes, elapsedMs: number): number {
  return Math.max(0, Math.min(killTimeoutMs, stopLimit({ stopGraceMs }) - elapsedMs));
}

/** How long a stop may last; infinite without `stop_grace`. */
export function stopLimit({ stopGraceMs }: Pick<StopTimes, 'stopGraceMs'>): number {
  return stopGraceMs === null ? Number.POSITIVE_INFINITY : Math.max(0, stopGraceMs - Math.max(END_MS, stopGraceMs * END_SHARE));
}

/** The smallest `stop_grace`, in whole seconds, that cuts neither `drain_delay` nor `kill_timeout` short. */
export function roomyGrace({ drainDelayMs, killTimeoutMs }: Pick<StopTimes, 'drainDelayMs' | 'killTimeoutMs'>): number {
  const stopMs = drainDelayMs + killTimeoutMs;
  const neededMs = Math.max(stopMs / (1 - END_SHARE), stopMs + END_MS, drainDelayMs / DELAY_SHARE);
  return Math.max(1, Math.ceil(neededMs / 1_000)) * 1_000;
}

/** Why a stop ends before `kill_timeout` does; null if it does not. */
export function graceWarning(times: StopTimes): string | null {
  const { stopGraceMs, killTimeoutMs } = times;
  const leftMs = stopTimeout(times, drainDelay(times));
  if (stopGraceMs === null || leftMs >= killTimeoutMs) return null;
  const needed = `${roomyGrace(times) / 1_000}s`;
  return `kill_timeout (${shortTime(killTimeoutMs)}) does not fit into stop_grace (${shortTime(stopGraceMs)}): a stop kills workers after ${shortTime(leftMs)}. For all of it, set stop_grace or LB_STOP_GRACE to ${needed}, and give a container as much (docker run --stop-timeout ${needed.slice(0, -1)})`;
}
