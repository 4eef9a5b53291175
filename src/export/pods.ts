import type { AppSpec, HostPort } from '../lifecycle/app-spec.ts';
import { NOTICE_MS } from '../lifecycle/stop-ladder.ts';
import { mayOverlap } from './container.ts';
import type { ExportRequest } from './export-request.ts';
import { isLoopback, portOf } from './ports.ts';
import { shortTime } from './short-time.ts';

const HEALTH_PORT = 9_000;
const FEWEST_PODS = 2;
/** For an app whose `scale.max` is the number of CPUs, which pods do not have. */
const MOST_PODS = 10;
const CORES = 2;

/** How the workers of an app become pods. */
export interface Pods {
  readonly port: number | null;
  readonly healthPort: number;
  readonly drainDelayMs: number;
  /** What the command line in the pod changes of the definition. */
  readonly flags: readonly string[];
  readonly cores: number;
  readonly workersPerPod: number;
  /** They differ only where a HorizontalPodAutoscaler chooses. */
  readonly min: number;
  readonly max: number;
  readonly mayOverlap: boolean;
}

/** One worker per pod, or `lb` with one per core. The cluster does the scaling, so inside of a pod nothing does. */
export function podsOf(app: AppSpec, { options }: Pick<ExportRequest, 'options'>): Pods {
  const { allCores = false, replicas } = options;
  const port = portOf(app);
  const cores = allCores ? (options.cpus ?? CORES) : 1;
  const overlaps = mayOverlap(app, port);
  const needed = Math.max(FEWEST_PODS, Math.ceil((app.scale?.min ?? app.instances) / cores));
  const min = overlaps ? (replicas ?? needed) : 1;
  const health = healthOf(app, port);
  return {
    port,
    ...health,
    flags: [...countFlags(app, allCores), ...health.flags],
    cores,
    workersPerPod: cores,
    min,
    max: app.scale === null || !overlaps ? min : Math.max(min, app.scale.max <= app.scale.min ? MOST_PODS : Math.ceil(app.scale.max / cores)),
    mayOverlap: overlaps,
  };
}

function countFlags({ kind, instances, scale }: AppSpec, allCores: boolean): string[] {
  const count = allCores ? ['-i', 'max'] : kind === 'cluster' || instances > 1 ? ['-i', '1'] : [];
  return [...count, ...(scale === null ? [] : ['--no-scale'])];
}

/** Probes need a `health_port` that the kubelet reaches, and traffic a `drain_delay` in which the endpoints change. */
function healthOf({ healthPort, drainDelayMs }: AppSpec, port: number | null): Pick<Pods, 'healthPort' | 'drainDelayMs' | 'flags'> {
  const isReachable = (given: HostPort | null): given is HostPort => given !== null && !isLoopback(given);
  if (isReachable(healthPort)) return { healthPort: healthPort.port, drainDelayMs, flags: [] };
  const own = port === HEALTH_PORT ? HEALTH_PORT + 1 : HEALTH_PORT;
  const delayMs = drainDelayMs === 0 ? NOTICE_MS : drainDelayMs;
  return { healthPort: own, drainDelayMs: delayMs, flags: ['--health-port', String(own), '--drain-delay', shortTime(delayMs)] };
}
