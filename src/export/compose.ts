import { stringify } from 'yaml';
import type { AppSpec } from '../lifecycle/app-spec.ts';
import { CONTAINER_CHECK, graceSeconds, mayOverlap, mebibytes, memoryLimit, memoryNote, refuseOutside, runCommand } from './container.ts';
import type { Exported, ExportRequest } from './export-request.ts';
import { headerOf } from './header.ts';
import { engineName, refuseSameNames } from './names.ts';
import { isLoopback, portOf } from './ports.ts';

/** Time in which a new container must not fail, besides the monitor window of a reload: enough for one check. */
const MONITOR_S = CONTAINER_CHECK.intervalS + CONTAINER_CHECK.timeoutS;

/** One service per app, for Docker Compose and for `docker stack deploy`. */
export function compose(request: ExportRequest): Exported {
  const { apps, command, directory } = request;
  refuseOutside(apps, directory, 'compose');
  refuseSameNames(apps, 'compose');
  const services = Object.fromEntries(apps.map((app) => [engineName(app.name), serviceOf(app, request)]));
  const usage = '# docker compose up --build, or with an image that every node can pull: docker stack deploy -c <this file> <name>\n';
  const notes = apps.flatMap((app) => [
    ...(memoryLimit(app, app.instances) === null ? [memoryNote(app)] : []),
    ...(portOf(app) === null ? [`the port of "${app.name}" is not known, so it is not published; set "port" if it listens`] : []),
  ]);
  return { text: `${headerOf(command)}${usage}\n${stringify({ services }, { lineWidth: 0, aliasDuplicateObjects: false })}`, notes };
}

function serviceOf(app: AppSpec, request: ExportRequest): Record<string, unknown> {
  const { image = `${engineName(app.name)}:latest`, replicas: wanted = 1, cpus = Math.max(1, app.instances) } = request.options;
  const port = portOf(app);
  const replicas = mayOverlap(app, port) ? wanted : 1;
  const graceS = graceSeconds(app);
  const { intervalS, timeoutS, retries } = CONTAINER_CHECK;
  const memory = memoryLimit(app, app.instances);
  const isReachable = app.healthPort !== null && !isLoopback(app.healthPort);
  return {
    image,
    build: '.',
    command: runCommand(request, app),
    // lb makes a stop fit into it.
    environment: { LB_STOP_GRACE: `${graceS}s` },
    stop_grace_period: `${graceS}s`,
    ...(port === null ? {} : { ports: [`${port}:${port}`] }),
    ...(isReachable ? { expose: [String(app.healthPort.port)] } : {}),
    healthcheck: {
      test: ['CMD', 'lb', 'health', app.name],
      interval: `${intervalS}s`,
      timeout: `${timeoutS}s`,
      retries,
      start_period: `${Math.ceil(app.listenTimeoutMs / 1_000)}s`,
    },
    deploy: {
      replicas,
      update_config: changeConfig(app, port, 'rollback'),
      rollback_config: changeConfig(app, port, 'pause'),
      restart_policy: { condition: 'any', delay: '1s' },
      resources: { limits: { cpus: String(cpus), ...(memory === null ? {} : { memory: `${mebibytes(memory)}M` }) } },
    },
  };
}

/** One container after the other, the new one first where two may run. */
function changeConfig(app: AppSpec, port: number | null, onFailure: 'rollback' | 'pause'): Record<string, unknown> {
  const windowS = Math.ceil((app.canary?.monitorMs ?? 0) / 1_000);
  return {
    parallelism: 1,
    delay: `${windowS}s`,
    order: mayOverlap(app, port) ? 'start-first' : 'stop-first',
    failure_action: onFailure,
    monitor: `${MONITOR_S + windowS}s`,
  };
}
