import { statSync } from 'node:fs';
import type { ResolvedApps } from '../config/index.ts';
import type { MetricsConfig } from '../config/metrics-key.ts';
import type { LbError, ErrorRecord } from '../errors/lb-error.ts';
import { LOG_PROGRAMS, type AppSpec } from '../lifecycle/app-spec.ts';
import { portClaims, portConflicts, type PortClaim } from '../lifecycle/port-claims.ts';
import { sharedLogs } from '../logs/shared-logs.ts';
import { placeProblem } from '../config/place-problem.ts';
import { startProblem } from '../system/start-problem.ts';

/** What `lb check` has to say about one thing. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** The app that it is about; null for the file. */
  readonly app: string | null;
  readonly message: string;
  /** Absent for what no command would report as an error. */
  readonly code?: ErrorRecord['code'];
}

/** Everything that can be known of resolved definitions without starting them, errors first. */
export async function findingsOf(found: ResolvedApps & { readonly problems: readonly LbError[] }): Promise<readonly Finding[]> {
  const { apps, metrics, problems, warnings } = found;
  const all = [
    ...problems.map(ofError),
    ...apps.flatMap((spec) => [...startFindings(spec), ...placeFindings(spec)]),
    ...portFindings(apps, metrics),
    ...warnings.map((message) => warning(null, message)),
    ...(await sharedLogFindings(apps)),
  ];
  return [...all.filter(({ severity }) => severity === 'error'), ...all.filter(({ severity }) => severity === 'warning')];
}

/** A reason why there is nothing to look at. */
export function ofError(error: LbError): Finding {
  const { app } = error.details;
  return { severity: 'error', app: app === undefined ? null : String(app), message: error.message, code: error.code };
}

const failure = (app: string | null, message: string): Finding => ({ severity: 'error', app, message });
const warning = (app: string | null, message: string): Finding => ({ severity: 'warning', app, message });

/** What is missing was found before; here it is what must not be used, and what is too large. */
function startFindings(spec: AppSpec): readonly Finding[] {
  if (statSync(spec.cwd, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const reason = startProblem(spec, spec.interpreter ?? process.execPath);
  return reason === null ? [] : [failure(spec.name, `${spec.name}: ${reason}`)];
}

function placeFindings({ name, outFile, errorFile, logFile, pidFile }: AppSpec): readonly Finding[] {
  const files = new Map([
    ['out_file', outFile],
    ['error_file', errorFile],
    ['log_file', logFile],
    ['pid_file', pidFile],
  ]);
  return [...files].flatMap(([key, path]) => {
    const problem = path === null || LOG_PROGRAMS.some((program) => program === path) ? null : placeProblem(path);
    return problem === null ? [] : [failure(name, `${name}: ${key} ${path ?? ''} ${problem}`)];
  });
}

function portFindings(apps: readonly AppSpec[], metrics: MetricsConfig | undefined): readonly Finding[] {
  const ofDaemon: readonly PortClaim[] =
    metrics?.listen == null || metrics.listen.port === 0 ? [] : [{ ...metrics.listen, app: null, by: 'metrics.listen', isCertain: true }];
  return portConflicts([...apps.flatMap(portClaims), ...ofDaemon]).map(({ port, claims }) => {
    const names = claims.map(({ app, by }) => (app === null ? by : `${app} (${by})`));
    const message = `port ${port} is used more than once: ${names.join(', ')}`;
    return claims.filter(({ isCertain }) => isCertain).length > 1 ? failure(null, message) : warning(null, message);
  });
}

async function sharedLogFindings(apps: readonly AppSpec[]): Promise<readonly Finding[]> {
  const each = await Promise.all(apps.map((spec, index) => sharedLogs(spec, apps.slice(0, index))));
  return each.flatMap((messages, index) => messages.map((message) => warning(apps[index]?.name ?? null, message)));
}
