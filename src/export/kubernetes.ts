import { stringify } from 'yaml';
import type { AppSpec, ScaleSpec } from '../lifecycle/app-spec.ts';
import { graceSeconds, mebibytes, memoryLimit, memoryNote, refuseOutside, runCommand } from './container.ts';
import type { Exported, ExportRequest } from './export-request.ts';
import { headerOf } from './header.ts';
import { engineName, refuseSameNames } from './names.ts';
import { podsOf, type Pods } from './pods.ts';
import { isLoopback } from './ports.ts';

type Manifest = Record<string, unknown>;

/** Of the user `node` in the images of Node.js. */
const NODE_USER = 1_000;
const HOME = '/var/lib/lb';
const HTTP_PORT = 80;
const READY_PERIOD_S = 2;
/** What `lb` and Node.js may take before the app does. */
const START_MARGIN_S = 10;
const LIVE_PERIOD_S = 10;
/** A `/live` that failed for so long means that the primary hangs, and that `lb` could not help itself. */
const LIVE_FAILURES = 6;
/** Limit of Kubernetes. */
const LONGEST_STABILIZATION_S = 3_600;
/** Share of a core per worker, where the target is measured by something that Kubernetes does not know. */
const USUAL_TARGET = 0.6;
const MILLI = 1_000;

/** What a cluster needs to run the apps: of each a Deployment and what belongs to it. */
export function kubernetes(request: ExportRequest): Exported {
  const { apps, command, directory } = request;
  refuseOutside(apps, directory, 'kubernetes');
  refuseSameNames(apps, 'kubernetes');
  const manifests = apps.flatMap((app) => manifestsOf(app, podsOf(app, request), request));
  const text = headerOf(command) + manifests.map((manifest) => `---\n${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
  return { text, notes: apps.flatMap((app) => notesOf(app, podsOf(app, request))) };
}

function manifestsOf(app: AppSpec, pods: Pods, request: ExportRequest): Manifest[] {
  return [
    deployment(app, pods, request),
    ...(pods.port === null ? [] : [service(app)]),
    ...(pods.min > 1 ? [disruptionBudget(app)] : []),
    ...(app.scale !== null && pods.max > pods.min ? [autoscaler(app, app.scale, pods)] : []),
  ];
}

const labelsOf = (app: AppSpec): Record<string, string> => ({ 'app.kubernetes.io/name': engineName(app.name) });
const metadataOf = (app: AppSpec): Manifest => ({ name: engineName(app.name), labels: labelsOf(app) });

function deployment(app: AppSpec, pods: Pods, request: ExportRequest): Manifest {
  const strategy = pods.mayOverlap ? { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } : { type: 'Recreate' };
  const isScaled = pods.max > pods.min;
  const windowS = Math.ceil((app.canary?.monitorMs ?? 0) / 1_000);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(app),
    spec: {
      // A HorizontalPodAutoscaler sets it itself.
      ...(isScaled ? {} : { replicas: pods.min }),
      selector: { matchLabels: labelsOf(app) },
      strategy,
      ...(windowS === 0 ? {} : { minReadySeconds: windowS }),
      template: { metadata: { labels: labelsOf(app), ...scraped(request) }, spec: podSpec(app, pods, request) },
    },
  };
}

/** For a Prometheus that goes by annotations. */
function scraped({ metrics }: ExportRequest): Manifest {
  if (metrics === null || isLoopback(metrics)) return {};
  return { annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(metrics.port), 'prometheus.io/path': '/metrics' } };
}

function podSpec(app: AppSpec, pods: Pods, request: ExportRequest): Manifest {
  const graceS = graceSeconds({ ...app, drainDelayMs: pods.drainDelayMs });
  const { metrics, options } = request;
  const memory = memoryLimit(app, pods.workersPerPod);
  return {
    terminationGracePeriodSeconds: graceS,
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: NODE_USER, runAsGroup: NODE_USER, fsGroup: NODE_USER, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: engineName(app.name),
        image: options.image ?? `${engineName(app.name)}:latest`,
        // Not `command`: that would replace the init of the image.
        args: runCommand(request, app, pods.flags),
        env: [
          { name: 'LB_HOME', value: HOME },
          { name: 'LB_STOP_GRACE', value: `${graceS}s` },
        ],
        ports: [
          ...(pods.port === null ? [] : [{ name: 'http', containerPort: pods.port }]),
          { name: 'health', containerPort: pods.healthPort },
          ...(metrics === null || isLoopback(metrics) ? [] : [{ name: 'metrics', containerPort: metrics.port }]),
        ],
        ...probes(app),
        resources: {
          requests: { cpu: String(pods.cores), ...(memory === null ? {} : { memory: `${mebibytes(memory)}Mi` }) },
          limits: { cpu: String(pods.cores), ...(memory === null ? {} : { memory: `${mebibytes(memory)}Mi` }) },
        },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'home', mountPath: HOME },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'home', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ],
  };
}

/** `/ready` answers 503 as soon as the pod is to stop, and the app serves on for `drain_delay`: no preStop hook is needed. */
function probes({ listenTimeoutMs }: AppSpec): Manifest {
  const ready = { path: '/ready', port: 'health' };
  return {
    startupProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: Math.ceil(listenTimeoutMs / 1_000) + START_MARGIN_S },
    readinessProbe: { httpGet: ready, periodSeconds: READY_PERIOD_S, failureThreshold: 1 },
    livenessProbe: { httpGet: { path: '/live', port: 'health' }, periodSeconds: LIVE_PERIOD_S, timeoutSeconds: 5, failureThreshold: LIVE_FAILURES },
  };
}

function service(app: AppSpec): Manifest {
  const ports = [{ name: 'http', port: HTTP_PORT, targetPort: 'http' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: metadataOf(app), spec: { selector: labelsOf(app), ports } };
}

function disruptionBudget(app: AppSpec): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(app),
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(app) } },
  };
}

function autoscaler(app: AppSpec, scale: ScaleSpec, pods: Pods): Manifest {
  const target = { type: 'AverageValue', averageValue: `${Math.round(cpuTarget(scale) * pods.cores * MILLI)}m` };
  const downS = Math.min(LONGEST_STABILIZATION_S, Math.ceil(scale.downCooldownMs / 1_000));
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(app),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: engineName(app.name) },
      minReplicas: pods.min,
      maxReplicas: pods.max,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: downS } },
    },
  };
}

/** Event loop utilization is close to the share of a core that a worker uses. */
const isOfCpu = ({ target }: ScaleSpec): boolean => target.metric === 'cpu' || target.metric === 'elu';
const cpuTarget = (scale: ScaleSpec): number => (isOfCpu(scale) ? scale.target.value : USUAL_TARGET);

function notesOf(app: AppSpec, pods: Pods): string[] {
  const { name } = app;
  return [
    ...(memoryLimit(app, 1) === null ? [memoryNote(app)] : []),
    ...(pods.port === null ? [`the port of "${name}" is not known, so there is no Service; set "port" if it listens`] : []),
    ...(app.scale !== null && pods.max > pods.min ? scaleNotes(name, app.scale, pods) : []),
  ];
}

function scaleNotes(name: string, scale: ScaleSpec, { max }: Pods): string[] {
  const { metric } = scale.target;
  return [
    ...(isOfCpu(scale) ? [] : [`"${name}" scales by ${metric}, which Kubernetes does not measure; its pods scale at ${USUAL_TARGET} of a core per worker`]),
    ...(scale.max > scale.min ? [] : [`scale.max of "${name}" is the number of CPUs, which a cluster does not have; set a number, or it is ${max} pods`]),
  ];
}
