import type { BadMessages } from '../protocol/bad-messages.ts';
import type { AppSnapshot } from '../protocol/snapshot.ts';
import { createParts, type AppParts, type AppPartsOptions } from './app-parts.ts';
import { BeforeReload } from './operations/before-reload.ts';
import { takeSnapshot } from './stats/snapshot.ts';
import { HealthEndpoint, type ReadyFacts } from './watch/health-endpoint.ts';
import { notifier } from './workers/app-observer.ts';
import type { WorkerObserver } from './workers/worker-handle.ts';

export interface RuntimeOptions extends AppPartsOptions {
  readonly badMessages: BadMessages;
}

/** Supervises one app. Its parts observe the app and its workers, in a fixed order. */
export class AppRuntime {
  readonly parts: AppParts;
  readonly endpoint: HealthEndpoint;
  readonly beforeReload: BeforeReload;

  constructor(options: RuntimeOptions) {
    const observers: WorkerObserver[] = [];
    const parts = createParts(options, notifier(observers));
    this.parts = parts;
    this.endpoint = new HealthEndpoint(() => this.#readyFacts(), options.portHolder);
    const { event, badMessages } = options;
    this.beforeReload = new BeforeReload(event);
    observers.push(...inOrder(parts), {
      // After a failed operation this moves the endpoint back.
      onSpecChanged: ({ healthPort }) => void this.endpoint.keepTrying(healthPort, (error) => event('health-port', error.message)),
      onBadMessage: (worker, from, problem) => badMessages.report(from, problem, worker),
    });
    parts.watch.start();
    // The start order opens the health port itself, because a port that is taken fails it.
    for (const part of inOrder(parts)) part.onSpecChanged?.(options.spec);
  }

  snapshot(): AppSnapshot {
    return takeSnapshot(this.parts);
  }

  /** Call this after the last worker has exited. Flushes the logs and closes all sockets. */
  async close(): Promise<void> {
    const { cron, fileWatch, sampler, router, acceptance, watch, autoscaler, rebalancer, ingress, logs, pidFiles } = this.parts;
    cron.stop();
    fileWatch.stop();
    sampler.stop();
    router.stop();
    acceptance.stop();
    watch.stop();
    autoscaler.stop();
    rebalancer.stop();
    this.endpoint.close();
    ingress.closeAllBut(new Set());
    await Promise.all([logs.close(), pidFiles.close()]);
  }

  #readyFacts(): ReadyFacts {
    const { pool, runner, supervisor, generations, contract, watch } = this.parts;
    const { name, readyMin } = pool.spec;
    // The next answer knows what is found now.
    generations.checkSoon();
    return {
      app: name,
      unserved: contract.unserved,
      ready: watch.healthySlots(),
      instances: pool.wanted,
      readyMin,
      stopping: runner.current?.kind === 'stop' || supervisor.ended,
      generations: generations.facts,
    };
  }
}

function inOrder(parts: AppParts): readonly WorkerObserver[] {
  return ORDER.map((name) => parts[name]);
}

/** Who accepts, routing and logs come before the supervisor, which acts on an event. Stats come last, so they include every change. */
const ORDER = [
  'acceptance',
  'router',
  'contract',
  'watch',
  'sampler',
  'appMetrics',
  'logs',
  'pool',
  'pidFiles',
  'generations',
  'relay',
  'announcer',
  'replacement',
  'supervisor',
  'autoscaler',
  'cron',
  'fileWatch',
  'feed',
] as const satisfies readonly (keyof AppParts)[];
