import { shellWord } from '../errors/lb-error.ts';
import { readiness, type CheckPassed, type Readiness } from '../lifecycle/readiness.ts';
import type { ListenerContract } from './ingress/listener-contract.ts';
import type { WorkerHandle } from './workers/worker-handle.ts';

interface Surroundings {
  readonly contract: ListenerContract;
  /** Whether it has failed if it misses a listener of its predecessor. */
  readonly needsAll: boolean;
  readonly healthy: CheckPassed;
}

/** Collects what decides whether a starting worker is ready. */
export function readinessOf(worker: WorkerHandle, { contract, needsAll, healthy }: Surroundings): Readiness {
  const { waitReady, port, minUptimeMs, listenTimeoutMs } = worker.spec;
  return readiness({
    waitReady,
    readyBy: worker.channel.readyBy,
    saidReady: worker.self.saidReady,
    port,
    listening: contract.listens(worker, port),
    appListens: port !== null || worker.asksToListen || contract.isKnown,
    missing: contract.missing(worker),
    needsAll,
    uptimeMs: worker.uptimeMs,
    minUptimeMs,
    listenTimeoutMs,
    eventLoopUtilization: worker.meter.last?.eventLoopUtilization ?? null,
    healthy,
  });
}

/** How to reload without the listeners that a worker misses; empty if it misses none. */
export function dropAdvice(app: string, missing: readonly string[]): string {
  if (missing.length === 0) return '';
  const names = missing.map((label) => /(?<=[*\]\d]):\d+$/.exec(label)?.[0] ?? label);
  return ` (if that is intended: lb reload ${shellWord(app)} --drop ${shellWord(names.join(','))})`;
}
